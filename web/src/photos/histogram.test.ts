import { expect, it } from "vitest";

import { bars, within } from "./histogram";

it("counts by month when few months are spanned, empty ones included", () => {
  const drawn = bars(
    [
      { value: "2021-01", count: 2 },
      { value: "2021-03", count: 5 },
    ],
    40,
  );
  expect(drawn.map((bar) => bar.count)).toEqual([2, 0, 5]);
  expect(drawn[1]).toEqual({ from: "2021-02", to: "2021-02", count: 0 });
});

it("counts by longer spans when many are, and loses nothing", () => {
  const months = Array.from({ length: 300 }, (_, i) => ({
    value: `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`,
    count: 1,
  }));
  const drawn = bars(months, 40);
  expect(drawn.length).toBeLessThanOrEqual(40);
  expect(drawn.reduce((sum, bar) => sum + bar.count, 0)).toBe(300);
  expect(drawn[0]).toEqual({ from: "2000-01", to: "2000-12", count: 12 });
  expect(bars([], 40)).toEqual([]);
});

it("knows which bars are chosen", () => {
  const [bar] = bars([{ value: "2021-06", count: 1 }], 40);
  expect(bar && within(bar, "2021-06-15", null)).toBe(true);
  expect(bar && within(bar, "2021-07", null)).toBe(false);
  expect(bar && within(bar, null, "2021")).toBe(true);
  expect(bar && within(bar, null, "2020-12-31")).toBe(false);
});
