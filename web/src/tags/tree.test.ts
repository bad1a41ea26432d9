import { expect, it } from "vitest";

import { grown, pruned } from "./tree";

const node = (name: string) => ({ name, images: 1, editable: true });

it("makes a tree of the list, whatever the case of what lies above", () => {
  const [animal, beach] = grown(["Animal", "animal/dog", "animal/dog/poodle", "beach"].map(node));
  expect(animal?.below.map(({ own, name }) => [own, name])).toEqual([["dog", "animal/dog"]]);
  expect(animal?.below[0]?.below.map(({ own }) => own)).toEqual(["poodle"]);
  expect(beach?.below).toEqual([]);
});

it("finds a tag with all it lies below and all below it", () => {
  const tree = grown(["animal", "animal/cat", "animal/dog", "animal/dog/poodle", "beach"].map(node));
  const [animal, ...rest] = pruned(tree, " DOG");
  expect(rest).toEqual([]);
  expect(animal?.below.map(({ own }) => own)).toEqual(["dog"]);
  expect(animal?.below[0]?.below.map(({ own }) => own)).toEqual(["poodle"]);
  expect(pruned(tree, "zebra")).toEqual([]);
  expect(pruned(tree, "")).toHaveLength(2);
});
