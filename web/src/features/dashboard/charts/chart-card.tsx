// One chart with its number, its legend (which follows the cursor), its tooltip and the same data as a table.

import { useState } from "react";
import type { Stats } from "~/shared/api/types";
import { clock, clockMinutes, NONE } from "~/shared/lib/format";
import { Card } from "~/shared/ui/card";
import { Dialog } from "~/shared/ui/dialog";
import { Menu, MenuItem } from "~/shared/ui/menu";
import { Scroller } from "~/shared/ui/scroller";
import type { ChartModel } from "./models";
import { type Hover, TimeChart } from "./time-chart";

interface ChartCardProps {
  model: ChartModel;
  gaps: Stats["gaps"];
  theme: string;
}

export function ChartCard({ model, gaps, theme }: ChartCardProps) {
  const [hover, setHover] = useState<Hover | null>(null);
  const [pointed, setPointed] = useState(false);
  const [table, setTable] = useState(false);
  const at = hover?.index ?? model.times.length - 1;
  const many = model.series.length > 1;
  return (
    <Card className="px-4 pt-3.5 pb-2" aria-label={model.title}>
      <div className="flex items-start gap-3">
        <div className="shrink-0">
          <h2 className="text-xs font-medium text-muted">{model.title}</h2>
          <p className="nums text-xl font-semibold tracking-tight">
            {model.value}
            {model.unit && model.value !== NONE && (
              <small className="ml-1.5 text-xs font-regular tracking-normal text-subtle">{model.unit}</small>
            )}
          </p>
        </div>
        <ul className="ml-auto flex flex-wrap justify-end gap-x-3 gap-y-0.5 text-xs text-muted">
          {model.series.map((series) => {
            const value = hover ? series.values[at] : series.values.findLast((each) => each !== null);
            return (
              <li key={series.name} className="nums inline-flex items-center gap-1.5 whitespace-nowrap">
                <i
                  className="h-[3px] w-2.5 rounded-[2px]"
                  style={{ background: `var(--${series.color})` }}
                  aria-hidden
                />
                {series.name}
                {many && (hover || model.value !== NONE) && (
                  <b className="font-medium text-ink">{value == null ? NONE : model.format(value)}</b>
                )}
              </li>
            );
          })}
        </ul>
        <div className="-mt-2 -mr-2.5">
          <Menu label={`More about ${model.title.toLowerCase()}`}>
            <MenuItem onSelect={() => setTable(true)}>Show as table</MenuItem>
          </Menu>
        </div>
      </div>
      <div
        className="relative mt-1"
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
      >
        <TimeChart model={model} gaps={gaps} labelled={!many} theme={theme} onHover={setHover} />
        {model.nothing && (
          <p className="pointer-events-none absolute inset-x-0 top-1/3 text-center text-xs text-subtle">
            {model.nothing}
          </p>
        )}
        {pointed && hover && <Tip model={model} hover={hover} />}
      </div>
      {table && <ChartTable model={model} onClose={() => setTable(false)} />}
    </Card>
  );
}

/** Room the tooltip needs beside the cursor before it flips, in pixels. */
const TIP_WIDTH = 170;

function Tip({ model, hover }: { model: ChartModel; hover: Hover }) {
  const flipped = hover.left + TIP_WIDTH > hover.width;
  const place = flipped ? { right: hover.width - hover.left + 12 } : { left: hover.left + 12 };
  const time = model.times[hover.index];
  return (
    <div
      className="pointer-events-none absolute top-1 z-10 rounded-md border bg-raised px-2.5 py-[7px] text-xs leading-[18px] whitespace-nowrap shadow-md max-md:-top-2"
      style={place}
      aria-hidden
    >
      <b className="nums font-medium">{time === undefined ? "" : clock(time * 1000)}</b>
      {[...model.series].reverse().map((series) => {
        const value = series.values[hover.index];
        return (
          <div key={series.name} className="flex items-center gap-1.5">
            <i className="size-2 rounded-[2px]" style={{ background: `var(--${series.color})` }} />
            {series.name}
            <span className="nums ml-auto pl-3.5">{value == null ? NONE : model.format(value)}</span>
          </div>
        );
      })}
    </div>
  );
}

function ChartTable({ model, onClose }: { model: ChartModel; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={`${model.title}, last hour`} size="md">
      <Scroller
        className="max-h-[60dvh] overflow-auto rounded-md border text-sm text-ink"
        label="Values by minute"
      >
        <table className="table">
          <thead className="sticky top-0">
            <tr>
              <th scope="col">Minute</th>
              {model.series.map((series) => (
                <th key={series.name} scope="col" data-end>
                  {series.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {model.times.map((time, index) => (
              <tr key={time}>
                <td className="nums">{clockMinutes(time * 1000)}</td>
                {model.series.map((series) => {
                  const value = series.values[index];
                  return (
                    <td key={series.name} data-end>
                      {value == null ? NONE : model.format(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Dialog>
  );
}
