import { describe, expect, it } from "vitest";

import { aspectOf, blockAt, justified, listed, sectioned, usualAspects } from "./layout";

const shape = { width: 1000, target: 200, gap: 4 };

describe("justified", () => {
  it("fills every row of a block that is not the last", () => {
    const block = justified(usualAspects(117), shape, false);
    for (const row of block.rows) {
      const end = row.tiles.at(-1);
      expect((end?.left ?? 0) + (end?.width ?? 0)).toBe(1000);
      expect(row.height).toBeGreaterThan(140);
      expect(row.height).toBeLessThan(300);
    }
  });

  it("keeps every photo once and in order, with gaps between and nothing overlapping", () => {
    const block = justified(usualAspects(60), shape, true);
    expect(block.rows.flatMap((row) => row.tiles.map((tile) => tile.index))).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
    for (const row of block.rows)
      row.tiles.slice(1).forEach((tile, i) => {
        const before = row.tiles[i];
        const gap = tile.left - ((before?.left ?? 0) + (before?.width ?? 0));
        expect(gap).toBeGreaterThanOrEqual(3);
        expect(gap).toBeLessThanOrEqual(5);
      });
  });

  it("leaves the last row short instead of blowing one photo up", () => {
    const block = justified([1.5], shape, true);
    expect(block.rows[0]?.height).toBe(200);
    expect(block.rows[0]?.tiles[0]?.width).toBe(300);
  });

  it("stacks rows without overlap", () => {
    const block = justified(usualAspects(120), shape, false);
    let bottom = 0;
    for (const row of block.rows) {
      expect(row.top).toBe(bottom);
      bottom += row.height + 4;
    }
    expect(block.height).toBe(bottom);
  });

  it("copes with nothing, with panoramas and with a very narrow page", () => {
    expect(justified([], shape, true)).toEqual({ rows: [], height: 0 });
    const narrow = justified([3.2, 3.2, 0.45], { width: 300, target: 130, gap: 4 }, false);
    expect(narrow.rows.length).toBeGreaterThan(1);
    expect(aspectOf({ width: 10000, height: 100 })).toBe(3.2);
    expect(aspectOf({ width: 0, height: 0 })).toBe(1);
  });
});

it("puts headings where sections begin, and every photo once", () => {
  const block = sectioned(usualAspects(50), [7, 30], shape, 40, false);
  expect(block.rows.filter((row) => row.tiles.length === 0).map((row) => row.section)).toEqual([7, 30]);
  expect(block.rows.flatMap((row) => row.tiles.map((tile) => tile.index))).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
  let bottom = 0;
  for (const row of block.rows) {
    expect(row.top).toBe(bottom);
    bottom += row.tiles.length === 0 ? row.height : row.height + shape.gap;
  }
  expect(block.height).toBe(bottom);
  expect(sectioned(usualAspects(3), [0], shape, 40, true).rows[0]?.section).toBe(0);
  expect(sectioned(usualAspects(3), [], shape, 40, true)).toEqual(justified(usualAspects(3), shape, true));
});

it("lists one photo a row", () => {
  const block = listed(3, 800, 72);
  expect(block.height).toBe(216);
  expect(block.rows.map((row) => row.top)).toEqual([0, 72, 144]);
});

it("finds the block at a height", () => {
  const offsets = [0, 100, 250, 400];
  expect(blockAt(offsets, -5)).toBe(0);
  expect(blockAt(offsets, 99)).toBe(0);
  expect(blockAt(offsets, 100)).toBe(1);
  expect(blockAt(offsets, 9999)).toBe(3);
});
