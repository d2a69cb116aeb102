// The help sheet: every shortcut, by place.
import { setPreference, usePreferences } from "~/shared/lib/preferences";
import { MOD_KEY } from "~/shared/lib/shortcuts";
import { Dialog } from "~/shared/ui/dialog";
import { Kbd } from "~/shared/ui/kbd";
import { Switch } from "~/shared/ui/switch";
import { ALL_PAGES } from "./nav-items";

interface Section {
  title: string;
  rows: readonly (readonly [string, readonly string[]])[];
}

const SECTIONS: readonly Section[] = [
  {
    title: "Everywhere",
    rows: [
      ["Search or jump to", [MOD_KEY, "K"]],
      ["This help", ["?"]],
      ["Light, dark, system", ["T"]],
      ["New mapping", ["N"]],
      ["Close what is open", ["Esc"]],
    ],
  },
  { title: "Go to", rows: ALL_PAGES.map((page) => [page.label, ["G", page.key.toUpperCase()]] as const) },
  {
    title: "Lists and logs",
    rows: [
      ["Search in this page", ["/"]],
      ["Next, previous", ["J", "K"]],
      ["Open the detail", ["Enter"]],
      ["Pause or resume live", ["Space"]],
      ["Jump to the newest", ["Shift", "G"]],
    ],
  },
  {
    title: "Mappings",
    rows: [
      ["Edit", ["E"]],
      ["On or off", ["O"]],
      ["Duplicate", ["D"]],
      ["Delete", ["Del"]],
      ["Save the form", [MOD_KEY, "Enter"]],
    ],
  },
];

export function HelpSheet({ onClose }: { onClose: () => void }) {
  const { singleKeys } = usePreferences();
  return (
    <Dialog open onClose={onClose} title="Keyboard shortcuts" size="lg">
      <div className="columns-2 gap-10 max-md:columns-1">
        {SECTIONS.map((section) => (
          <section key={section.title} className="mb-5 break-inside-avoid">
            <h3 className="pb-1 text-xs font-medium text-subtle">{section.title}</h3>
            <dl>
              {section.rows.map(([what, keys]) => (
                <div
                  key={what}
                  className="flex h-8 items-center justify-between border-b border-faint text-sm text-ink"
                >
                  <dt>{what}</dt>
                  <dd>
                    <Kbd keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label htmlFor="single-keys" className="flex items-center gap-3 text-sm text-ink">
        <Switch id="single-keys" checked={singleKeys} onChange={(on) => setPreference("singleKeys", on)} />
        Single keys work outside of fields
      </label>
    </Dialog>
  );
}
