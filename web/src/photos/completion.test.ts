import { expect, it } from "vitest";

import { asTyped, completed, lastWord, quoted, without } from "./completion";

it("finds the word being typed, quotes and all", () => {
  expect(lastWord("dog on the bea")).toBe("bea");
  expect(lastWord('dog tag:"at the s')).toBe('tag:"at the s');
  expect(lastWord("dog ")).toBe("");
  expect(lastWord("")).toBe("");
});

it("completes it", () => {
  expect(completed("dog bea", "tag:beach")).toBe("dog tag:beach ");
  expect(completed("", "tag:beach")).toBe("tag:beach ");
  expect(completed('cat person:"An', 'person:"Anna B"')).toBe('cat person:"Anna B" ');
});

it("takes a part out", () => {
  expect(without("dog tag:beach 2021", 4, 13)).toBe("dog 2021");
  expect(without("dog", 0, 3)).toBe("");
});

it("quotes what has blanks", () => {
  expect(quoted("Lisbon")).toBe("Lisbon");
  expect(quoted("New York")).toBe('"New York"');
});

it("puts words that were translated in quotes", () => {
  const words = (start: number, end: number) => ({ kind: "words", start, end });
  expect(asTyped("Hund am Strand tag:a", [words(0, 14), words(0, 14), { kind: "tag", start: 15, end: 20 }])).toBe(
    '"Hund am Strand" tag:a',
  );
});
