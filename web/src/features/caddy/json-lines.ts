// A JSON value as lines that can be folded: what the tree shows, made without drawing it.

export type Path = string;

export interface Token {
  /** Where it begins on the line; no two tokens share it. */
  at: number;
  text: string;
  kind: "plain" | "key" | "string" | "number" | "keyword";
}

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
  short: Token[] | null;
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
    const kind = kindOf(value);
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

/** The value on one line, cut where it gets long. */
function shortened(value: Json): Token[] {
  const tokens: Token[] = [];
  let left = SHORT_MAX;
  const put = (text: string, kind: Token["kind"]) => {
    if (left <= 0) return;
    tokens.push({ at: SHORT_MAX - left, text, kind });
    left -= text.length;
    if (left <= 0) tokens.push({ at: SHORT_MAX - left, text: " …", kind: "plain" });
  };
  inline(value, put);
  if (left <= 0)
    tokens.push({ at: Number.POSITIVE_INFINITY, text: Array.isArray(value) ? " ]" : " }", kind: "plain" });
  return tokens;
}

function inline(value: Json, put: (text: string, kind: Token["kind"]) => void): void {
  if (typeof value !== "object" || value === null) {
    put(JSON.stringify(value), kindOf(value));
    return;
  }
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  put(list ? "[" : "{ ", "plain");
  for (const [index, [key, item]] of entries.entries()) {
    if (index > 0) put(", ", "plain");
    if (!list) {
      put(JSON.stringify(key), "key");
      put(": ", "plain");
    }
    inline(item, put);
  }
  put(list ? "]" : " }", "plain");
}

function kindOf(value: null | boolean | number | string): "string" | "number" | "keyword" {
  if (typeof value === "string") return "string";
  return typeof value === "number" ? "number" : "keyword";
}

/** A value whose whole text is shorter than this needs no lines of its own. */
const SMALL = 56;

/** What is folded at first: what is deep, and what is so small that it reads best on one line. */
export function foldedAtFirst(value: unknown, depth: number): Path[] {
  return foldablePaths(value, 1, "", 0, (item, at) => at >= depth || JSON.stringify(item).length <= SMALL);
}

/** Every path that can be folded, at `depth` or deeper. */
export function foldablePaths(
  value: unknown,
  depth: number,
  path: Path = "",
  at = 0,
  wanted: (item: object, at: number) => boolean = () => true,
): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const own = at >= depth && Object.keys(value).length > 0 && wanted(value, at) ? [path] : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, item]) =>
      foldablePaths(item, depth, `${path}/${key}`, at + 1, wanted),
    ),
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
