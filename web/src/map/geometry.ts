/**
 * The world as rings of points on the square of Web Mercator: x and y from 0 to 1, north at 0. A ring that crosses the
 * antimeridian runs on past 0 or 1 instead of jumping back, and is drawn a second time one world further: no streaks.
 */

export interface Shape {
  /** x, y, x, y ... */
  points: Float64Array;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

type Position = readonly number[];

/** Where Web Mercator ends. Degrees. */
const LIMIT = 85.0511;

export function project(longitude: number, latitude: number): [number, number] {
  const clamped = Math.min(LIMIT, Math.max(-LIMIT, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** A line of positions (longitude, latitude), or a ring if it is `closed`. */
export function shapeOf(positions: readonly Position[], closed: boolean): Shape {
  const unrolled = unroll(positions);
  if (closed) closeOverPole(unrolled);
  const points = new Float64Array(unrolled.length * 2);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  unrolled.forEach(([longitude, latitude], index) => {
    const [x, y] = project(longitude, latitude);
    points[2 * index] = x;
    points[2 * index + 1] = y;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  return { points, left, top, right, bottom };
}

/** Longitudes that never jump: each within half a turn of the one before. */
function unroll(positions: readonly Position[]): [number, number][] {
  let turns = 0;
  let before: number | undefined;
  return positions.map(([longitude = 0, latitude = 0]) => {
    if (before !== undefined && Math.abs(longitude - before) > 180) turns += longitude < before ? 360 : -360;
    before = longitude;
    return [longitude + turns, latitude];
  });
}

/** A ring that ends a turn away from where it began goes around a pole (Antarctica): close it along the map's edge. */
function closeOverPole(ring: [number, number][]): void {
  const first = ring[0];
  const last = ring.at(-1);
  if (!first || !last || Math.abs(first[0] - last[0]) < 180) return;
  const edge = first[1] < 0 ? -90 : 90;
  ring.push([last[0], edge], [first[0], edge]);
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** By how many worlds to move a shape so that it lies in a box. */
export function copiesIn(shape: Box, box: Box): number[] {
  if (shape.bottom < box.top || shape.top > box.bottom) return [];
  return [-1, 0, 1].filter((world) => shape.right + world >= box.left && shape.left + world <= box.right);
}

/** The part of a ring in a rectangle from (low, low) to (high, high), by Sutherland and Hodgman (1974). */
export function clipped(ring: readonly number[], low: number, high: number): number[] {
  let part = ring;
  for (const [axis, limit, sign] of [
    [0, low, 1],
    [0, high, -1],
    [1, low, 1],
    [1, high, -1],
  ] as const)
    part = clippedBy(part, axis, limit, sign);
  return [...part];
}

function clippedBy(ring: readonly number[], axis: 0 | 1, limit: number, sign: 1 | -1): number[] {
  const kept: number[] = [];
  const count = ring.length / 2;
  for (let index = 0; index < count; index++) {
    const now = [ring[2 * index] ?? 0, ring[2 * index + 1] ?? 0] as const;
    const next = (index + 1) % count;
    const then = [ring[2 * next] ?? 0, ring[2 * next + 1] ?? 0] as const;
    const inside = (now[axis] - limit) * sign >= 0;
    const stays = (then[axis] - limit) * sign >= 0;
    if (inside) kept.push(now[0], now[1]);
    if (inside !== stays) {
      const part = (limit - now[axis]) / (then[axis] - now[axis]);
      kept.push(now[0] + part * (then[0] - now[0]), now[1] + part * (then[1] - now[1]));
    }
  }
  return kept;
}

/** Points of a shape in pixels of a tile, those left out that lie within half a pixel of the one before. */
export function inPixels(shape: Shape, world: number, box: Box, scale: number): number[] {
  const found: number[] = [];
  const { points } = shape;
  let [lastX, lastY] = [Infinity, Infinity];
  for (let index = 0; index < points.length; index += 2) {
    const x = ((points[index] ?? 0) + world - box.left) * scale;
    const y = ((points[index + 1] ?? 0) - box.top) * scale;
    if (index > 0 && index < points.length - 2 && Math.abs(x - lastX) < 0.5 && Math.abs(y - lastY) < 0.5) continue;
    found.push(x, y);
    lastX = x;
    lastY = y;
  }
  return found;
}
