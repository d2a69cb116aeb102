import { expect, test } from "vitest";
import { diffLines } from "./line-diff";

test("equal lines are folded around a difference", () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
  const after = before.with(9, "changed");
  expect(diffLines(before.join("\n"), after.join("\n"))).toEqual([
    { kind: "fold", count: 7 },
    { kind: "equal", text: "line 8", number: 8 },
    { kind: "equal", text: "line 9", number: 9 },
    { kind: "removed", text: "line 10", number: 10 },
    { kind: "added", text: "changed", number: 10 },
    { kind: "equal", text: "line 11", number: 11 },
    { kind: "equal", text: "line 12", number: 12 },
    { kind: "fold", count: 8 },
  ]);
});

/** Puts both sides together again from the difference of short texts, which folds nothing when every line is near one. */
function sides(before: string, after: string): [string, string] {
  const lines = diffLines(before, after).filter((line) => line.kind !== "fold");
  const of = (skip: string) => lines.filter((line) => line.kind !== skip).map((line) => line.text);
  return [of("added").join("\n"), of("removed").join("\n")];
}

test.each([
  ["a\nb\nc", "a\nc"],
  ["a\nc", "a\nb\nc"],
  ["a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc"],
  ["", "x"],
  ["x\ny", ""],
])("both texts can be read from the difference of %j and %j", (before, after) => {
  expect(sides(before, after)).toEqual([before, after]);
});

test("wholly different large texts end in time", () => {
  const left = Array.from({ length: 4000 }, (_, index) => `left ${index}`).join("\n");
  const right = Array.from({ length: 4000 }, (_, index) => `right ${index}`).join("\n");
  expect(diffLines(left, right).length).toBeGreaterThan(0);
});
