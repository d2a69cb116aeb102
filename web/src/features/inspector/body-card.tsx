// The bodies of both answers: their difference, a sandboxed preview, or the raw text.

import { useMemo, useState } from "react";
import type { Diagnosis, DiagnosisSide } from "~/shared/api/types";
import { bytes, plural, visible } from "~/shared/lib/format";
import { Card, CardHead } from "~/shared/ui/card";
import { PreviewFrame } from "~/shared/ui/preview-frame";
import { Scroller } from "~/shared/ui/scroller";
import { Segmented } from "~/shared/ui/segmented";
import { diffLines } from "./line-diff";
import { previewOf } from "./preview";

type View = "diff" | "preview" | "raw";

export function BodyCard({ diagnosis }: { diagnosis: Diagnosis }) {
  const { gateway, agent, bodyDiff } = diagnosis;
  const same = bodyDiff?.same ?? false;
  const text = bodyDiff?.kind === "text";
  const [view, setView] = useState<View>(text && !same ? "diff" : "preview");
  const preview = useMemo(() => gateway.body && previewOf(gateway.body), [gateway.body]);
  return (
    <Card className="overflow-clip">
      <CardHead
        title="Body"
        note={bodyDiff?.note ?? "only one side has a body, or none"}
        end={
          <Segmented
            label="Show the body as"
            value={view}
            choices={[
              { value: "diff", label: "Diff" },
              { value: "preview", label: "Preview" },
              { value: "raw", label: "Raw" },
            ]}
            onChange={setView}
          />
        }
      />
      <div className="border-t">
        {view === "diff" &&
          (text ? (
            <Diff before={agent.body?.text ?? ""} after={gateway.body?.text ?? ""} />
          ) : (
            <Note>
              {same
                ? "Both bodies are equal, byte for byte."
                : bodyDiff
                  ? "The bodies differ, and are not text."
                  : "There are no two bodies to compare."}
            </Note>
          ))}
        {view === "preview" &&
          (preview ? (
            <PreviewFrame
              html={preview}
              title="The page through the Gateway"
              className="h-[420px] w-full bg-white"
            />
          ) : (
            <Raw side={gateway} />
          ))}
        {view === "raw" && <Raw side={gateway} />}
      </div>
    </Card>
  );
}

function Note({ children }: { children: string }) {
  return <p className="px-4 py-5 text-muted">{children}</p>;
}

const TINTS = { equal: "", added: "bg-diff-added", removed: "bg-diff-removed" };
const SIGNS = { equal: "", added: "+", removed: "−" };

function Diff({ before, after }: { before: string; after: string }) {
  // A line has no identity of its own; its place and kind are the key.
  const lines = useMemo(
    () => diffLines(before, after).map((line, index) => ({ line, key: `${index} ${line.kind}` })),
    [before, after],
  );
  return (
    <Scroller label="Difference of the bodies" className="mono max-h-[480px] overflow-auto text-xs leading-5">
      {lines.map(({ line, key }) =>
        line.kind === "fold" ? (
          <p key={key} className="grid grid-cols-[44px_18px_1fr] bg-sunken text-subtle">
            <span className="pr-2.5 text-right">⋯</span>
            <span />
            {plural(line.count, "equal line")}
          </p>
        ) : (
          <p
            key={key}
            className={`grid grid-cols-[44px_18px_1fr] pr-3 whitespace-pre-wrap [overflow-wrap:anywhere] ${TINTS[line.kind]}`}
          >
            <span className="pr-2.5 text-right text-subtle">{line.number}</span>
            <span aria-hidden>{SIGNS[line.kind]}</span>
            <span>
              {line.kind !== "equal" && <span className="sr-only">{line.kind}: </span>}
              {visible(line.text)}
            </span>
          </p>
        ),
      )}
    </Scroller>
  );
}

function Raw({ side }: { side: DiagnosisSide }) {
  if (!side.body) return <Note>There was no answer, so there is no body.</Note>;
  if (side.body.encoding === "base64") return <Note>{`${bytes(side.body.bytes)} that are not text.`}</Note>;
  return (
    <Scroller label="Body" className="code max-h-[480px] rounded-none! border-0!">
      {visible(side.body.text) || "The body is empty."}
    </Scroller>
  );
}
