import { describe, expect, it } from "vitest";

import { clipped, copiesIn, inPixels, project, shapeOf } from "./geometry";

const world = { left: 0, top: 0, right: 1, bottom: 1 };

describe("shapes on the map", () => {
  it("lie where Web Mercator puts them", () => {
    expect(project(0, 0)).toEqual([0.5, 0.5]);
    expect(project(180, 85.0511)[1]).toBeCloseTo(0, 5);
    expect(project(-180, -90)[1]).toBeCloseTo(1, 5);
  });

  it("cross the antimeridian without a streak, and are drawn on both sides", () => {
    const ring = shapeOf([[170, 60], [179, 65], [-175, 66], [-179, 62], [170, 60]], true); // prettier-ignore
    expect(ring.right - ring.left).toBeLessThan(0.1);
    expect(copiesIn(ring, world)).toEqual([-1, 0]);
    expect(copiesIn(ring, { left: 0.4, top: 0, right: 0.6, bottom: 1 })).toEqual([]);
  });

  it("close over the pole they go around", () => {
    const ring = shapeOf([[-180, -70], [-60, -75], [60, -72], [180, -70]], true); // prettier-ignore
    expect(ring.bottom).toBeCloseTo(1, 4);
    const around = shapeOf([[-170, -70], [0, -75], [170, -70], [-170, -70]], true); // prettier-ignore
    expect(around.right - around.left).toBeCloseTo(1, 6);
    expect(around.bottom).toBeCloseTo(1, 4);
  });

  it("are cut to the tile", () => {
    expect(clipped([-10, -10, 20, -10, 20, 20, -10, 20], 0, 10)).toHaveLength(8);
    expect(clipped([20, 20, 30, 20, 30, 30], 0, 10)).toEqual([]);
    const triangle = clipped([5, -5, 15, 5, 5, 15], 0, 10);
    for (const value of triangle) expect(value).toBeGreaterThanOrEqual(0);
    for (const value of triangle) expect(value).toBeLessThanOrEqual(10);
  });

  it("lose points nobody can tell apart", () => {
    const line = shapeOf([[0, 0], [0.001, 0], [0.002, 0], [90, 0]], false); // prettier-ignore
    expect(inPixels(line, 0, world, 256)).toEqual([128, 128, 192, 128]);
  });
});
