import { expect, it } from "vitest";

import {
  countFilters,
  filtersOf,
  noFilters,
  NOTHING,
  parseSearch,
  questionOf,
  searchParameters,
  toggled,
  type SearchState,
} from "./searchState";

const FULL: SearchState = {
  q: "a dog",
  like: 7,
  example: "abc-1",
  weight: 0.7,
  after: "2021-06",
  before: "2022",
  format: ["jpeg", "png"],
  camera: ["X100V, silver"],
  folder: ["/a & b/ü"],
  person: ["3"],
  tag: ["beach", "at sea"],
  liked: ["12", "15"],
  disliked: ["40"],
  place: ["Lisbon, Portugal"],
  region: ["Bavaria, Germany"],
  album: 4,
  color: "#3b82f6",
  mostly: true,
  rating: 4,
  min_size: 1000,
  max_size: 2000,
  position: true,
  text: true,
  hidden: true,
  box: [-10.5, 170, 20, -170],
  sort: "oldest",
  all: true,
};

function address(state: SearchState): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(searchParameters(state)))
    for (const one of Array.isArray(value) ? (value as string[]) : [value])
      if (one !== null) parameters.append(name, one as string);
  return parameters;
}

it("survives the address", () => {
  expect(parseSearch(new URLSearchParams(address(FULL).toString()))).toEqual(FULL);
  expect(parseSearch(address(NOTHING))).toEqual(NOTHING);
  expect(address(NOTHING).toString()).toBe("");
});

it("leaves out what an address cannot mean", () => {
  const nonsense = new URLSearchParams(
    "like=abc&after=yesterday&box=1,2,x,4&weight=7&sort=up&color=red&person=x&rating=",
  );
  expect(parseSearch(nonsense)).toEqual(NOTHING);
});

it("asks only for what is set", () => {
  expect(questionOf(NOTHING)).toEqual({ filters: {} });
  expect(filtersOf({ ...NOTHING, box: [1, 2, 3, 4], person: ["3"] })).toEqual({
    south: 1,
    west: 2,
    north: 3,
    east: 4,
    people: [3],
  });
  expect(questionOf({ ...NOTHING, q: "cat", all: true })).toEqual({ query: "cat", min_score: 0, filters: {} });
});

it("counts and clears filters, not the words", () => {
  expect(countFilters(FULL)).toBe(20);
  const cleared = { ...FULL, ...noFilters() };
  expect(countFilters(cleared)).toBe(0);
  expect(cleared.q).toBe("a dog");
});

it("toggles", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
});
