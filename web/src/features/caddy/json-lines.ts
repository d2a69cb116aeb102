// A JSON value as lines that can be folded: what the tree shows, made without drawing it.

export type Path = string;

export interface JsonLine {
  /** Where the value stands: keys and indexes joined by "/". */
  path: Path;
  depth: number;
  /** Can be folded; false for the closing bracket and for plain values. */
  foldable: boolean;
  folded: boolean;
  key: string | null;
  /** The bracket that opens or closes, or the plain value as JSON. */
  text: string;
  kind: "open" | "close" | "string" | "number" | "keyword" | "empty";
  /** A folded value in short. */
  short: string | null;
  comma: boolean;
  /** The id of the route of ours that this line belongs to. */
  route: string | null;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const SHORT_MAX = 90;

export function routeId(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("@id" in value)) return null;
  const id = value["@id"];
  return typeof id === "string" && /^octoporty-[0-9a-f]{32}$/.test(id) ? id : null;
}

function isJson(value: unknown): value is Json {
  return value !== undefined;
}

export function jsonLines(value: unknown, folded: ReadonlySet<Path>): JsonLine[] {
  const lines: JsonLine[] = [];
  if (isJson(value))
    write(lines, value, { path: "", depth: 0, key: null, comma: false, route: null }, folded);
  return lines;
}

interface Place {
  path: Path;
  depth: number;
  key: string | null;
  comma: boolean;
  route: string | null;
}

function write(lines: JsonLine[], value: Json, place: Place, folded: ReadonlySet<Path>): void {
  if (typeof value !== "object" || value === null) {
    const kind = typeof value === "string" ? "string" : typeof value === "number" ? "number" : "keyword";
    lines.push({ ...place, foldable: false, folded: false, text: JSON.stringify(value), kind, short: null });
    return;
  }
  const list = Array.isArray(value);
  const entries: [string, Json][] = list
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  const route = routeId(value) ?? place.route;
  if (entries.length === 0) {
    lines.push({
      ...place,
      route,
      foldable: false,
      folded: false,
      text: open + close,
      kind: "empty",
      short: null,
    });
    return;
  }
  const isFolded = folded.has(place.path);
  lines.push({
    ...place,
    route,
    foldable: true,
    folded: isFolded,
    text: open,
    kind: "open",
    short: isFolded ? shortened(value) : null,
    comma: isFolded && place.comma,
  });
  if (isFolded) return;
  for (const [index, [key, item]] of entries.entries()) {
    write(
      lines,
      item,
      {
        path: `${place.path}/${key}`,
        depth: place.depth + 1,
        key: list ? null : key,
        comma: index < entries.length - 1,
        route,
      },
      folded,
    );
  }
  lines.push({
    ...place,
    route,
    foldable: false,
    folded: false,
    key: null,
    text: close,
    kind: "close",
    short: null,
  });
}

function shortened(value: Json): string {
  const text = JSON.stringify(value).replace(/([:,])(?=\S)/g, "$1 ");
  if (text.length <= SHORT_MAX) return text;
  return `${text.slice(0, SHORT_MAX)}… ${Array.isArray(value) ? "]" : "}"}`;
}

/** Every path that can be folded, at `depth` or deeper. */
export function foldablePaths(value: unknown, depth: number, path: Path = "", at = 0): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const own = at >= depth && Object.keys(value).length > 0 ? [path] : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, item]) => foldablePaths(item, depth, `${path}/${key}`, at + 1)),
  ];
}

/** Paths of values whose key or text holds `needle`, in reading order, so that they can be unfolded and stepped through. */
export function searchPaths(value: unknown, needle: string, path: Path = "", key = ""): Path[] {
  const text = needle.toLowerCase();
  if (!text) return [];
  const keyHit = key.toLowerCase().includes(text);
  if (typeof value !== "object" || value === null)
    return keyHit || String(value).toLowerCase().includes(text) ? [path] : [];
  const own = keyHit ? [path] : [];
  const list = Array.isArray(value);
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, item]) =>
      searchPaths(item, needle, `${path}/${name}`, list ? "" : name),
    ),
  ];
}

/** The paths above `path`. */
export function ancestors(path: Path): Path[] {
  const parts = path.split("/");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
