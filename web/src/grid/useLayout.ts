import { useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from "react";

import { aspectOf, blockAt, justified, listed, sectioned, usualAspects, type Block, type Row } from "./layout";
import { BLOCK, type Results } from "@/state/results";

export const LIST_ROW = 76;

/** Headings between photos: each stands before the place where its section begins. */
export interface Sections {
  /** Names them: another name, another layout. */
  name: string;
  /** Ascending. */
  starts: readonly number[];
  labels: readonly string[];
}

export const HEADING = 48;

export interface GridShape {
  view: "grid" | "list";
  /** Wanted height of a row of photos. */
  target: number;
  gap: number;
  sections?: Sections | undefined;
}

export interface Laid {
  blocks: Block[];
  /** Where each block begins, and the end of the last. */
  offsets: number[];
  height: number;
}

export interface ShownRow extends Row {
  key: string;
  /** Place of the first result of the row's block. */
  base: number;
  /** From the top of the grid. */
  y: number;
}

/** Re-renders when results arrive. */
export function useResultsVersion(results: Results): number {
  return useSyncExternalStore(results.subscribe, results.snapshot);
}

/** Lays all blocks out; those of which nothing changed are taken from the last time. */
export function useLaid(results: Results, shape: GridShape, width: number): Laid {
  const version = useResultsVersion(results);
  const [cache] = useState(() => new Map<string, Block>());
  return useMemo(() => {
    const blocks: Block[] = [];
    const offsets: number[] = [0];
    let height = 0;
    for (let number = 0; number < results.blocks; number++) {
      const block = laidBlock(results, number, shape, width, cache);
      blocks.push(block);
      height += block.height;
      offsets.push(height);
    }
    return { blocks, offsets, height };
    // `version` stands for everything that changes inside `results`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [results, version, shape, width, cache]);
}

function laidBlock(
  results: Results,
  number: number,
  shape: GridShape,
  width: number,
  cache: Map<string, Block>,
): Block {
  const size = results.size(number);
  if (shape.view === "list") return listed(size, width, LIST_ROW);
  const loaded = results.isLoaded(number);
  const last = number === results.blocks - 1;
  const ids = loaded ? results.idsOf(number) : "";
  const key = `${width}/${shape.target}/${size}/${last ? "last" : ""}/${shape.sections?.name ?? ""}/${number}/${ids}`;
  const known = cache.get(key);
  if (known) return known;
  const aspects = loaded
    ? Array.from({ length: size }, (_, index) =>
        aspectOf(results.at(number * BLOCK + index)?.image ?? { width: 1, height: 1 }),
      )
    : usualAspects(size);
  const block = shape.sections
    ? sectioned(aspects, startsIn(shape.sections, number, size), { width, ...shape }, HEADING, last)
    : justified(aspects, { width, ...shape }, last);
  if (cache.size > 3000) cache.clear();
  cache.set(key, block);
  return block;
}

/** The places of a block where sections begin. */
function startsIn({ starts }: Sections, number: number, size: number): number[] {
  const base = number * BLOCK;
  const found: number[] = [];
  let at = blockAt(starts, base);
  if ((starts[at] ?? 0) < base) at++;
  for (; at < starts.length && (starts[at] ?? 0) < base + size; at++) found.push((starts[at] ?? 0) - base);
  return found;
}

/** The label of the section that begins at a place, or that a place lies in. */
export function sectionLabel({ starts, labels }: Sections, place: number): string {
  return labels[blockAt(starts, place)] ?? "";
}

/** The rows between two heights of the grid. */
export function rowsBetween(laid: Laid, from: number, to: number): ShownRow[] {
  const rows: ShownRow[] = [];
  for (let number = blockAt(laid.offsets, from); number < laid.blocks.length; number++) {
    const start = laid.offsets[number] ?? 0;
    if (start > to) break;
    for (const row of laid.blocks[number]?.rows ?? []) {
      const y = start + row.top;
      if (y + row.height >= from && y <= to)
        rows.push({ ...row, key: `${number}.${row.top}`, base: number * BLOCK, y });
    }
  }
  return rows;
}

/** Where a place lies: its row's top and height, and its tile's horizontal middle. */
export function locate(laid: Laid, place: number): { y: number; height: number; middle: number } | null {
  const number = Math.floor(place / BLOCK);
  const row = laid.blocks[number]?.rows.find((row) => row.tiles.some((tile) => tile.index === place % BLOCK));
  const tile = row?.tiles.find((tile) => tile.index === place % BLOCK);
  if (!row || !tile) return null;
  return { y: (laid.offsets[number] ?? 0) + row.top, height: row.height, middle: tile.left + tile.width / 2 };
}

/** Where to scroll to for a place to be the first thing seen, under its heading if it has one. */
export function topOf(laid: Laid, place: number): number {
  const number = Math.floor(place / BLOCK);
  const rows = laid.blocks[number]?.rows ?? [];
  const row =
    rows.find((row) => row.section === place % BLOCK) ??
    rows.find((row) => row.tiles.some((tile) => tile.index === place % BLOCK));
  return (laid.offsets[number] ?? laid.height) + (row?.top ?? 0);
}

/** The first place that is seen when the screen begins at a height. */
export function placeAt(laid: Laid, y: number): number {
  const [row] = rowsBetween(laid, Math.max(0, y), Math.max(0, y) + 8);
  return row ? row.base + (row.tiles[0]?.index ?? row.section ?? 0) : 0;
}

/** The place above (-1) or below (1), nearest to the horizontal middle. */
export function vertical(laid: Laid, place: number, step: 1 | -1): number | null {
  const here = locate(laid, place);
  if (!here) return null;
  let y = step === 1 ? here.y + here.height + 20 : here.y - 20;
  let [row] = rowsBetween(laid, y, y);
  if (row?.tiles.length === 0) {
    y += step * HEADING;
    [row] = rowsBetween(laid, y, y);
  }
  if (!row) return null;
  let best = row.tiles[0];
  for (const tile of row.tiles)
    if (best && Math.abs(tile.left + tile.width / 2 - here.middle) < Math.abs(best.left + best.width / 2 - here.middle))
      best = tile;
  return best ? row.base + best.index : null;
}

/** The width of an element, followed. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.floor(element.getBoundingClientRect().width));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

interface VisibleWindow {
  from: number;
  to: number;
}

const OVERSCAN = 700;
/** The window of rendered rows moves in steps: between them, scrolling renders nothing. */
const STEP = 250;

/** The part of the grid that is on the screen, with a margin, in heights of the grid. */
export function useVisible(ref: RefObject<HTMLElement | null>): VisibleWindow {
  const [visible, setVisible] = useState<VisibleWindow>({ from: 0, to: window.innerHeight + OVERSCAN });
  const last = useRef(visible);
  useLayoutEffect(() => {
    const look = () => {
      const top = -(ref.current?.getBoundingClientRect().top ?? 0);
      const from = Math.floor((top - OVERSCAN) / STEP) * STEP;
      const to = Math.ceil((top + window.innerHeight + OVERSCAN) / STEP) * STEP;
      if (from === last.current.from && to === last.current.to) return;
      last.current = { from, to };
      setVisible(last.current);
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [ref]);
  return visible;
}
