/**
 * The geometry of a justified grid: photos in their order, in rows of equal width and similar height.
 *
 * A list of 100,000 photos is laid out in blocks of one page of results each. A block depends on its own photos only, so
 * that the middle of a list can be drawn before the beginning is known. Rows are broken to lie as near as possible to the
 * wanted height over the whole block (dynamic programming, as text is broken into lines), so that no block ends raggedly.
 */

export interface Tile {
  /** Place within the block. */
  index: number;
  left: number;
  width: number;
}

export interface Row {
  top: number;
  height: number;
  /** None: a heading. */
  tiles: Tile[];
  /** Of a heading: the place within the block where what it stands over begins. */
  section?: number;
}

export interface Block {
  rows: Row[];
  /** With the gap after the last row. */
  height: number;
}

export interface Shape {
  width: number;
  /** Wanted height of a row. */
  target: number;
  gap: number;
}

/** Panoramas and strips are cropped to this, or they would take a whole row, or be a thread. */
const NARROWEST = 0.45;
const WIDEST = 3.2;

export function aspectOf(photo: { width: number; height: number }): number {
  const aspect = photo.height > 0 ? photo.width / photo.height : 1;
  return Math.min(WIDEST, Math.max(NARROWEST, aspect || 1));
}

/** Rows for photos of these aspects (width / height). The last row of the `last` block may stay short. */
export function justified(aspects: readonly number[], shape: Shape, last: boolean): Block {
  const ends = rowEnds(aspects, shape, last);
  const rows: Row[] = [];
  let top = 0;
  let start = 0;
  for (const end of ends) {
    const row = fill(aspects, start, end, shape, last && end === aspects.length);
    rows.push({ ...row, top });
    top += row.height + shape.gap;
    start = end;
  }
  return { rows, height: top };
}

/**
 * Rows under headings: one of height `heading` before each place of the block in `starts` (ascending). What begins in one
 * block may go on in the next, without a heading there.
 */
export function sectioned(
  aspects: readonly number[],
  starts: readonly number[],
  shape: Shape,
  heading: number,
  last: boolean,
): Block {
  const rows: Row[] = [];
  let height = 0;
  const add = (from: number, to: number, ends: boolean) => {
    const part = justified(aspects.slice(from, to), shape, ends);
    for (const row of part.rows)
      rows.push({
        ...row,
        top: row.top + height,
        tiles: row.tiles.map((tile) => ({ ...tile, index: tile.index + from })),
      });
    height += part.height;
  };
  if (starts[0] !== 0) add(0, starts[0] ?? aspects.length, starts.length > 0 || last);
  starts.forEach((start, number) => {
    const end = starts[number + 1];
    rows.push({ top: height, height: heading, tiles: [], section: start });
    height += heading;
    add(start, end ?? aspects.length, end !== undefined || last);
  });
  return { rows, height };
}

/** Where each row ends: the cheapest way to break, cost of a row being its squared relative distance from the target. */
function rowEnds(aspects: readonly number[], shape: Shape, last: boolean): number[] {
  const count = aspects.length;
  const cost = new Float64Array(count + 1).fill(Infinity);
  const from = new Int32Array(count + 1);
  cost[0] = 0;
  for (let start = 0; start < count; start++) {
    let sum = 0;
    for (let end = start + 1; end <= count; end++) {
      sum += aspects[end - 1] ?? 1;
      const height = rowHeight(sum, end - start, shape);
      const off = (height - shape.target) / shape.target;
      // A row that is too high is uglier than one that is too low; a short last row is simply left short.
      const price = last && end === count && off > 0 ? 0 : off > 0 ? 2 * off * off : off * off;
      const total = (cost[start] ?? Infinity) + price;
      if (total < (cost[end] ?? Infinity)) {
        cost[end] = total;
        from[end] = start;
      }
      if (height < shape.target / 2) break;
    }
  }
  const ends: number[] = [];
  for (let end = count; end > 0; end = from[end] ?? 0) ends.unshift(end);
  return ends;
}

function rowHeight(sumOfAspects: number, count: number, { width, gap }: Shape): number {
  return Math.max(1, width - gap * (count - 1)) / sumOfAspects;
}

function fill(aspects: readonly number[], start: number, end: number, shape: Shape, short: boolean): Omit<Row, "top"> {
  let sum = 0;
  for (let index = start; index < end; index++) sum += aspects[index] ?? 1;
  const exact = rowHeight(sum, end - start, shape);
  const ragged = short && exact > shape.target * 1.2;
  const height = Math.round(ragged ? shape.target : exact);
  const tiles: Tile[] = [];
  let left = 0;
  for (let index = start; index < end; index++) {
    const natural = (ragged ? shape.target : exact) * (aspects[index] ?? 1);
    const isLast = index === end - 1 && !ragged;
    const right = isLast ? shape.width : left + natural;
    tiles.push({ index, left: Math.round(left), width: Math.round(right) - Math.round(left) });
    left += natural + shape.gap;
  }
  return { height, tiles };
}

/** Rows of a list: one photo each. */
export function listed(count: number, width: number, height: number): Block {
  const rows = Array.from({ length: count }, (_, index) => ({
    top: index * height,
    height,
    tiles: [{ index, left: 0, width }],
  }));
  return { rows, height: count * height };
}

/** Aspects that stand for photos not loaded yet. */
const USUAL = [1.5, 1.33, 0.75, 1.5, 1.33, 1.5, 1, 1.78, 0.67, 1.5];

export function usualAspects(count: number): number[] {
  return Array.from({ length: count }, (_, index) => USUAL[index % USUAL.length] ?? 1.5);
}

/** The number of the last offset that is not greater than `y`; offsets ascend and begin with 0. */
export function blockAt(offsets: readonly number[], y: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? Infinity) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
