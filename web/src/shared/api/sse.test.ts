import { expect, test } from "vitest";
import { EventParser } from "./sse";

test("an event arrives whole, wherever the network cut it", () => {
  const text = 'id: a-1\nevent: status\ndata: {"up":true}\n\n: ping\n\nevent: resync\ndata: null\n\n';
  for (let cut = 1; cut < text.length; cut += 1) {
    const parser = new EventParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    expect(events).toEqual([
      { id: "a-1", event: "status", data: '{"up":true}' },
      { id: "a-1", event: "resync", data: "null" },
    ]);
  }
});

test("lines may end in carriage return and line feed", () => {
  expect(new EventParser().push("event: status\r\ndata: 1\r\n\r\n")).toEqual([
    { id: "", event: "status", data: "1" },
  ]);
});

test("data over several lines is joined", () => {
  expect(new EventParser().push("data: one\ndata: two\n\n")[0]?.data).toBe("one\ntwo");
});

test("a line without end is refused before it fills the memory", () => {
  const parser = new EventParser();
  expect(() => parser.push("x".repeat(1_000_001))).toThrow(/longer than the limit/);
});
