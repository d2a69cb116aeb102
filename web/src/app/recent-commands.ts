// What was chosen in the palette lately, in this tab.
const KEY = "octoporty-recent-commands";
const HELD = 4;

export function recentCommands(): string[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

export function rememberCommand(id: string): void {
  try {
    sessionStorage.setItem(
      KEY,
      JSON.stringify([id, ...recentCommands().filter((each) => each !== id)].slice(0, HELD)),
    );
  } catch {
    // Storage may be off; nothing is remembered then.
  }
}
