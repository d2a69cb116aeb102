// The command palette: pages, mappings and what can be done with them, actions. Recent first; says why an action is off.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import {
  CircleAlert,
  GitCompareArrows,
  Keyboard,
  List,
  LogOut,
  type LucideIcon,
  Plus,
  RefreshCw,
  Route,
  Search,
  SunMoon,
  ToggleLeft,
  ToggleRight,
} from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useEffect, useState } from "react";
import { reconnectMutation } from "~/features/dashboard/api";
import { type MappingActions, useMappingActions } from "~/features/mappings/use-mapping-actions";
import { mappingsQuery, statusQuery } from "~/shared/api/queries";
import { signOut } from "~/shared/api/session";
import type { Mapping } from "~/shared/api/types";
import { cn } from "~/shared/lib/cn";
import { isUp } from "~/shared/lib/connection";
import { notify } from "~/shared/lib/notify";
import { cycleTheme } from "~/shared/lib/preferences";
import { useReturnFocus } from "~/shared/lib/return-focus";
import { followTyping, isAllTyped, takeTyped } from "~/shared/lib/type-ahead";
import { Kbd } from "~/shared/ui/kbd";
import { serviceAddress } from "~/shared/ui/route";
import { ALL_PAGES } from "./nav-items";
import { recentCommands, rememberCommand } from "./recent-commands";

interface Entry {
  id: string;
  group: string;
  label: string;
  hint?: string;
  icon: LucideIcon;
  keys?: readonly string[];
  /** Why it cannot be done now. */
  off?: string;
  run: () => void;
}

interface CommandPaletteProps {
  onClose: () => void;
  onHelp: () => void;
}

/** Mappings that are offered before anything is typed, so that pages and actions are in sight too. */
const MAPPINGS_AT_ONCE = 5;
/** Mappings whose commands are offered for what is typed; more words find the others. */
const MAPPINGS_SHOWN = 50;

export function CommandPalette({ onClose, onHelp }: CommandPaletteProps) {
  const [text, setText] = useState("");
  const [hasFocus, setHasFocus] = useState(false);
  const returnFocus = useReturnFocus();
  const recent = recentCommands();
  const entries = useEntries(text, recent, onHelp);
  const shown = text ? entries : entries.toSorted((a, b) => rank(recent, a) - rank(recent, b));
  const groups = text
    ? [...new Set(shown.map((entry) => entry.group))]
    : [...(recent.length ? ["Recent"] : []), ...new Set(shown.map((entry) => entry.group))];
  const inGroup = (group: string) =>
    group === "Recent"
      ? shown.filter((entry) => recent.includes(entry.id))
      : shown.filter((entry) => entry.group === group && (text !== "" || !recent.includes(entry.id)));
  const choose = (entry: Entry) => {
    if (entry.off) return;
    rememberCommand(entry.id);
    onClose();
    entry.run();
  };
  useEffect(() => followTyping(setText), []);
  // The field takes the keys over once it has the focus and shows all that was typed ahead.
  useEffect(() => {
    if (!hasFocus || !isAllTyped(text) || !takeTyped()) return;
    const best = bestOf(shown, text);
    if (best) choose(best);
  });
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="layer-fade fixed inset-0 z-dialog bg-scrim" />
        <Radix.Content
          data-modal
          aria-describedby={undefined}
          onCloseAutoFocus={returnFocus}
          className="layer-dialog fixed top-[14vh] left-1/2 z-dialog w-[calc(100vw-32px)] max-w-[620px] -translate-x-1/2 overflow-clip rounded-lg border bg-raised shadow-lg outline-none max-md:top-3"
        >
          <Radix.Title className="sr-only">Search or jump to</Radix.Title>
          <Command label="Search or jump to" loop filter={fitsWords}>
            <div className="flex h-[50px] items-center gap-2.5 border-b px-4 text-lg">
              <Search size={16} strokeWidth={1.75} className="text-subtle" aria-hidden />
              <Command.Input
                value={text}
                onValueChange={setText}
                onFocus={() => setHasFocus(true)}
                placeholder="Search or jump to"
                className="min-w-0 flex-1 bg-transparent outline-none"
              />
              <Kbd keys={["Esc"]} className="max-md:hidden" />
            </div>
            <Command.List className="max-h-[min(420px,60dvh)] overflow-auto pb-1.5" tabIndex={-1}>
              <Command.Empty className="px-4 py-6 text-muted">
                Nothing matches “{text}”. Pages, mappings and actions were searched.
              </Command.Empty>
              {groups.map((group) => (
                <Command.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-4 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-subtle"
                >
                  {inGroup(group).map((entry) => (
                    <Item key={entry.id} entry={entry} onChoose={choose} />
                  ))}
                </Command.Group>
              ))}
            </Command.List>
            <div className="flex items-center gap-4 border-t px-4 py-2 text-xs text-subtle max-md:hidden">
              <span className="flex items-center gap-1.5">
                <Kbd keys={["↑", "↓"]} /> choose
              </span>
              <span className="flex items-center gap-1.5">
                <Kbd keys={["Enter"]} /> open
              </span>
            </div>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/**
 * Decides between what fits equally well: the list would leave what was first when less was typed, and Enter must not
 * turn a mapping off whose address begins as “Turn off” does.
 */
function weightOf(id: string): number {
  if (id.startsWith("mapping ")) return 1;
  return /^(toggle|inspect|requests) /.test(id) ? 0.9 : 0.95;
}

/** Every word has to be there; at the start it counts more. The id is not searched. */
function fitsWords(id: string, search: string, keywords: string[] = []): number {
  const text = keywords.join(" ").toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => text.includes(word))) return 0;
  return (text.startsWith(words[0] ?? "") ? 1 : 0.5) * weightOf(id);
}

function wordsOf({ label, hint }: Entry): string[] {
  return [label, hint ?? ""];
}

/** What stands first in the list for this text. */
function bestOf(entries: readonly Entry[], text: string): Entry | undefined {
  const score = (entry: Entry) => fitsWords(entry.id, text, wordsOf(entry));
  const best = Math.max(...entries.map(score));
  return best > 0 ? entries.find((entry) => score(entry) === best) : undefined;
}

function rank(recent: readonly string[], entry: Entry): number {
  const index = recent.indexOf(entry.id);
  return index < 0 ? recent.length : index;
}

function Item({ entry, onChoose }: { entry: Entry; onChoose: (entry: Entry) => void }) {
  const Icon = entry.icon;
  const note = entry.off ?? entry.hint;
  return (
    <Command.Item
      value={entry.id}
      keywords={wordsOf(entry)}
      aria-disabled={entry.off ? true : undefined}
      onSelect={() => onChoose(entry)}
      className="group mx-1.5 flex h-[38px] cursor-pointer items-center gap-3 rounded-sm px-2.5 data-[selected=true]:bg-selected max-md:h-11"
    >
      <Icon
        size={16}
        strokeWidth={1.75}
        className="text-subtle group-data-[selected=true]:text-accent"
        aria-hidden
      />
      <span className={cn("truncate", note && "max-w-[65%] shrink-0", entry.off && "text-subtle")}>
        {entry.label}
      </span>
      {note && <span className="truncate text-xs text-subtle">{note}</span>}
      {entry.keys && <Kbd keys={entry.keys} className="ml-auto max-md:hidden" />}
    </Command.Item>
  );
}

/** Those of the mappings that are worth a line: what fits the words, or, before there are any, the first and the recent ones. */
function foundMappings(all: readonly Mapping[], needle: string, recent: readonly string[]): Mapping[] {
  if (needle === "")
    return all.filter(({ id }, index) => index < MAPPINGS_AT_ONCE || recent.includes(`mapping ${id}`));
  const words = needle.split(/\s+/);
  const fitting = all.filter((mapping) => {
    const text = `${mapping.name} ${mapping.externalDomain} ${serviceAddress(mapping)}`.toLowerCase();
    return words.some((word) => text.includes(word));
  });
  return fitting.slice(0, MAPPINGS_SHOWN);
}

function useEntries(text: string, recent: readonly string[], onHelp: () => void): Entry[] {
  const navigate = useNavigate();
  const status = useQuery(statusQuery).data;
  const mappings = useQuery(mappingsQuery).data?.mappings ?? [];
  const actions = useMappingActions();
  const reconnect = useMutation(reconnectMutation);
  const needle = text.trim().toLowerCase();
  const found = foundMappings(mappings, needle, recent);
  const pages = ALL_PAGES.map(
    (page): Entry => ({
      id: `page ${page.to}`,
      group: "Pages",
      label: page.label,
      icon: page.icon,
      keys: ["G", page.key.toUpperCase()],
      run: () => void navigate({ to: page.to }),
    }),
  );
  const doing: Entry[] = [
    {
      id: "new mapping",
      group: "Actions",
      label: "New mapping",
      icon: Plus,
      keys: ["N"],
      run: () => void navigate({ to: "/mappings/new" }),
    },
    {
      id: "reconnect",
      group: "Actions",
      label: "Reconnect the tunnel",
      icon: RefreshCw,
      hint: status && !isUp(status) ? "dials at once" : undefined,
      run: () =>
        reconnect.mutate(undefined, {
          onSuccess: ({ message }) => notify.success({ title: "Reconnecting", detail: message }),
        }),
    },
    {
      id: "failed requests",
      group: "Actions",
      label: "Failed requests",
      icon: CircleAlert,
      hint: "without an answer",
      run: () => void navigate({ to: "/requests", search: { status: "none" } }),
    },
    {
      id: "theme",
      group: "Actions",
      label: "Change the theme",
      icon: SunMoon,
      keys: ["T"],
      run: () => void cycleTheme(),
    },
    { id: "help", group: "Actions", label: "Keyboard shortcuts", icon: Keyboard, keys: ["?"], run: onHelp },
    {
      id: "export",
      group: "Actions",
      label: "Import, export, backup",
      icon: List,
      run: () => void navigate({ to: "/settings/data" }),
    },
    { id: "sign out", group: "Actions", label: "Sign out", icon: LogOut, run: () => void signOut() },
  ];
  return [...found.flatMap((mapping) => mappingEntries(mapping, actions, needle !== "")), ...pages, ...doing];
}

/** The mapping itself; what can be done with it once something is typed. */
function mappingEntries(mapping: Mapping, actions: MappingActions, all: boolean): Entry[] {
  const { id, name, externalDomain } = mapping;
  const self: Entry = {
    id: `mapping ${id}`,
    group: "Mappings",
    label: name,
    hint: `${externalDomain} to ${serviceAddress(mapping)}`,
    icon: Route,
    run: () => actions.edit(mapping),
  };
  if (!all) return [self];
  return [
    self,
    {
      id: `toggle ${id}`,
      group: "Mappings",
      label: `Turn ${mapping.enabled ? "off" : "on"} ${name}`,
      hint: externalDomain,
      icon: mapping.enabled ? ToggleRight : ToggleLeft,
      run: () => actions.toggle(mapping, !mapping.enabled),
    },
    {
      id: `inspect ${id}`,
      group: "Mappings",
      label: `Inspect https://${externalDomain}/`,
      icon: GitCompareArrows,
      off: mapping.enabled ? undefined : `“${name}” is off`,
      run: () => actions.inspect(mapping),
    },
    {
      id: `requests ${id}`,
      group: "Requests",
      label: `Requests of ${name}`,
      hint: externalDomain,
      icon: List,
      run: () => actions.requests(mapping),
    },
  ];
}
