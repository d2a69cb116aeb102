// Numbers, sizes, times and durations as the whole dashboard writes them, in the reader's locale. Missing values are "–".
import { preferences } from "./preferences";

export const NONE = "–";

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${JSON.stringify(options)}`;
  const found = cache.get(key);
  if (found instanceof Intl.NumberFormat) return found;
  const made = new Intl.NumberFormat(undefined, options);
  cache.set(key, made);
  return made;
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const timeZone = preferences.get().timeZone === "utc" ? "UTC" : undefined;
  const key = `d${timeZone ?? ""}${JSON.stringify(options)}`;
  const found = cache.get(key);
  if (found instanceof Intl.DateTimeFormat) return found;
  const made = new Intl.DateTimeFormat(undefined, { ...options, timeZone });
  cache.set(key, made);
  return made;
}

export function count(value: number | null | undefined): string {
  return value == null ? NONE : numberFormat({ maximumFractionDigits: 0 }).format(value);
}

/** Three significant digits at most: 0.42, 38.4, 1,204. */
export function decimal(value: number | null | undefined): string {
  if (value == null) return NONE;
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return numberFormat({ maximumFractionDigits: digits }).format(value);
}

/** `part` of `whole` in per cent with two decimals, without the sign. No whole, no share. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return NONE;
  return numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format((part / whole) * 100);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** The number and its unit apart, for places that set them in different sizes. Decimal units. */
export function byteParts(value: number): [string, string] {
  let unit = 0;
  let left = value;
  while (left >= 999.5 && unit < BYTE_UNITS.length - 1) {
    left /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || left >= 99.95 ? 0 : 1;
  return [
    numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(left),
    BYTE_UNITS[unit] ?? "B",
  ];
}

export function bytes(value: number | null | undefined): string {
  return value == null ? NONE : byteParts(value).join(" ");
}

/** Milliseconds of one request: "<0.1 ms", "62 ms", "1,284 ms", from ten seconds on "12.4 s". */
export function milliseconds(value: number | null | undefined): string {
  if (value == null) return NONE;
  if (value > 0 && value < 0.05) return `<${numberFormat({ maximumFractionDigits: 1 }).format(0.1)} ms`;
  if (value >= 10_000) return `${numberFormat({ maximumFractionDigits: 1 }).format(value / 1000)} s`;
  return `${numberFormat({ maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ms`;
}

/** A span in words: "under 1 s", "48 s", "49 min", "2 h 11 min", "1 d 7 h". */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole === 0 && seconds > 0) return "under 1 s";
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 5 && whole % 60) return `${minutes} min ${whole % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours < 10 && minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days < 10 && hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** Minutes and seconds of a countdown: "4:37". */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${rest}`;
}

export function clock(at: string | number | Date): string {
  return dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(
    new Date(at),
  );
}

export function clockMinutes(at: string | number | Date): string {
  return dateFormat({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
}

export function clockMillis(at: string | number | Date): string {
  return dateFormat({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(new Date(at));
}

export function day(at: string | number | Date): string {
  return dateFormat({ day: "numeric", month: "short" }).format(new Date(at));
}

/** Date, time and zone, for tooltips. */
export function exact(at: string | number | Date): string {
  const date = dateFormat({ day: "numeric", month: "short", year: "numeric" }).format(new Date(at));
  const zone = dateFormat({ timeZoneName: "short" })
    .formatToParts(new Date(at))
    .find((part) => part.type === "timeZoneName")?.value;
  return `${date}, ${clockMillis(at)}${zone ? ` ${zone}` : ""}`;
}

/** "Today 13:43:12", "Yesterday 18:12:20", "12 Apr 10:20:00". */
export function dayAndClock(at: string | number | Date, now = Date.now()): string {
  const same = (other: number) => day(at) === day(other);
  if (same(now)) return `Today ${clock(at)}`;
  if (same(now - 86_400_000)) return `Yesterday ${clock(at)}`;
  return `${day(at)} ${clock(at)}`;
}

/** "now", "2 s ago", "3 min ago" within a day; then the date. */
export function relative(at: string | number | Date, now = Date.now()): string {
  const seconds = Math.round((now - new Date(at).getTime()) / 1000);
  if (seconds < 2 && seconds > -5) return "now";
  if (seconds < 0) return `in ${duration(-seconds)}`;
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return day(at);
}

/** A sentence that goes on: without its full stop. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to show
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Makes control characters visible, so that a log line or a header can change nothing but its own cell. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (found) => {
    if (found === "\u001b") return "␛";
    return found < " " ? String.fromCharCode(0x2400 + found.charCodeAt(0)) : "␦";
  });
}
