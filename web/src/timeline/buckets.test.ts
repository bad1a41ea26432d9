import { describe, expect, it } from "vitest";

import { sectionsOf, spanAt, spanByKey, spansOf, yearMarks } from "./buckets";

const buckets = [
  { start: "2021-06-01", count: 3 },
  { start: "2021-02-01", count: 2 },
  { start: "2020-12-01", count: 10 },
  { start: "2018-01-01", count: 1 },
];
const spans = spansOf(buckets, "month");

describe("places of time", () => {
  it("are counted from the newest", () => {
    expect(spans.map((span) => span.start)).toEqual([0, 3, 5, 15]);
    expect(spans[2]?.label).toBe("December 2020");
    expect(sectionsOf(spans, "month").labels[0]).toBe("June 2021 · 3 photos");
  });

  it("are found by place", () => {
    expect([0, 2, 3, 5, 14, 15, 99].map((place) => spanAt(spans, place))).toEqual([0, 0, 1, 2, 2, 3, 3]);
  });

  it("are walked by keys", () => {
    expect(spanByKey(spans, 0, "ArrowDown")).toBe(1);
    expect(spanByKey(spans, 3, "ArrowDown")).toBe(3);
    expect(spanByKey(spans, 0, "PageDown")).toBe(2);
    expect(spanByKey(spans, 3, "PageDown")).toBe(3);
    expect(spanByKey(spans, 2, "PageUp")).toBe(0);
    expect(spanByKey(spans, 1, "PageUp")).toBe(0);
    expect(spanByKey(spans, 2, "End")).toBe(3);
    expect(spanByKey(spans, 2, "x")).toBeNull();
  });
});

it("leaves out years that have no room", () => {
  expect(yearMarks(spans, 16, 160, 20).map((mark) => mark.year)).toEqual(["2021", "2020", "2018"]);
  expect(yearMarks(spans, 16, 160, 60).map((mark) => mark.year)).toEqual(["2021"]);
});
