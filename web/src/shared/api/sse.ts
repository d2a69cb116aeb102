// Reads a stream of server-sent events (WHATWG HTML, section 9.2.6). Used instead of `EventSource`, which hides the status code
// of a refusal and cannot be told where to resume.

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Longest line that is still read, in characters; a broken server must not fill the memory. */
const LINE_MAX = 1_000_000;

export class EventParser {
  #buffer = "";
  #event = "";
  #data: string[] = [];
  #id = "";

  /** The events completed by this piece of text. */
  push(text: string): ServerEvent[] {
    this.#buffer += text;
    const lines = this.#buffer.split(/\r\n|\n|\r(?!$)/);
    this.#buffer = lines.pop() ?? "";
    if (this.#buffer.length > LINE_MAX) throw new Error("an event is longer than the limit");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return [];
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    if (field === "id" && !value.includes("\0")) this.#id = value;
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
    const complete = this.#data.length > 0 || this.#event !== "";
    this.#event = "";
    this.#data = [];
    return complete ? [event] : [];
  }
}
