/** Natural Earth's countries, from the files that the package world-atlas carries: coarse at once, fine when zoomed in. */
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import coarseUrl from "world-atlas/countries-50m.json?url";
import fineUrl from "world-atlas/countries-10m.json?url";

import { shapeOf, type Shape } from "./geometry";

export interface Country {
  name: string;
  /** Where its name stands: the middle of its largest part, longitude and latitude. */
  at: [number, number];
  /** Of its largest part, on the map of side 1. */
  width: number;
}

export interface Atlas {
  land: Shape[];
  borders: Shape[];
  countries: Country[];
}

type World = Topology<{ countries: GeometryCollection<{ name: string }> }>;

export const FINE_FROM = 5;
const loaded = new Map<string, Promise<Atlas>>();

export function atlas(zoom: number): Promise<Atlas> {
  const url = zoom >= FINE_FROM ? fineUrl : coarseUrl;
  const known = loaded.get(url) ?? load(url);
  loaded.set(url, known);
  known.catch(() => loaded.delete(url));
  return known;
}

async function load(url: string): Promise<Atlas> {
  // eslint-disable-next-line no-restricted-globals -- a file of the page, not of the API
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the map answered ${answer.status}`);
  const world = (await answer.json()) as World;
  const land: Shape[] = [];
  const countries: Country[] = [];
  for (const { geometry, properties } of feature(world, world.objects.countries).features) {
    const parts =
      geometry.type === "Polygon"
        ? [geometry.coordinates]
        : geometry.type === "MultiPolygon"
          ? geometry.coordinates
          : [];
    const outer: Shape[] = [];
    for (const rings of parts)
      rings.forEach((ring, number) => {
        const shape = shapeOf(ring, true);
        land.push(shape);
        if (number === 0) outer.push(shape);
      });
    const largest = outer.reduce<Shape | null>((best, one) => (best && area(best) > area(one) ? best : one), null);
    if (largest) countries.push({ name: properties.name, at: middleOf(largest), width: largest.right - largest.left });
  }
  const lines = mesh(world, world.objects.countries, (one, other) => one !== other).coordinates;
  return { land, borders: lines.map((line) => shapeOf(line, false)), countries };
}

function area(shape: Shape): number {
  return (shape.right - shape.left) * (shape.bottom - shape.top);
}

/** The centre of gravity of a ring, as longitude and latitude. */
function middleOf({ points }: Shape): [number, number] {
  let [sum, x, y] = [0, 0, 0];
  for (let index = 0; index + 3 < points.length; index += 2) {
    const [ax = 0, ay = 0, bx = 0, by = 0] = points.subarray(index, index + 4);
    const cross = ax * by - bx * ay;
    sum += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (sum === 0) return [0, 0];
  const mercator = Math.PI * (1 - (2 * y) / (3 * sum));
  return [(x / (3 * sum) - 0.5) * 360, (Math.atan(Math.sinh(mercator)) * 180) / Math.PI];
}
