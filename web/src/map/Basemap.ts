/** Draws land and borders into the tiles of a Leaflet map. */
import { GridLayer, type Coords, type DoneCallback, type GridLayerOptions } from "leaflet";

import { atlas, type Atlas } from "./atlas";
import { clipped, copiesIn, inPixels, type Box } from "./geometry";

export interface MapColors {
  land: string;
  border: string;
}

const TILE = 256;
/** Around the tile, in pixels: where lines outside of it still show. */
const EDGE = 2;

export class Basemap extends GridLayer {
  readonly #colors: MapColors;

  constructor(colors: MapColors, options?: GridLayerOptions) {
    super({ tileSize: TILE, updateWhenZooming: false, ...options });
    this.#colors = colors;
  }

  protected override createTile(coords: Coords, done: DoneCallback): HTMLElement {
    const tile = document.createElement("canvas");
    const dense = Math.min(2, window.devicePixelRatio || 1);
    tile.width = tile.height = TILE * dense;
    const context = tile.getContext("2d");
    context?.scale(dense, dense);
    atlas(coords.z).then(
      (world) => {
        if (context) draw(context, world, coords, this.#colors);
        done(undefined, tile);
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), tile),
    );
    return tile;
  }
}

function draw(context: CanvasRenderingContext2D, world: Atlas, coords: Coords, colors: MapColors): void {
  const scale = TILE * 2 ** coords.z;
  const side = TILE / scale;
  const margin = EDGE / scale;
  const [left, top] = [coords.x * side, coords.y * side];
  const origin = { left, top, right: left + side, bottom: top + side };
  const near: Box = {
    left: left - margin,
    top: top - margin,
    right: left + side + margin,
    bottom: top + side + margin,
  };

  context.fillStyle = colors.land;
  context.beginPath();
  for (const shape of world.land)
    for (const copy of copiesIn(shape, near)) {
      const ring = clipped(inPixels(shape, copy, origin, scale), -EDGE, TILE + EDGE);
      trace(context, ring);
      context.closePath();
    }
  // Lakes that are countries' holes stay holes; where two countries touch, no seam shows through.
  context.fill("evenodd");

  context.strokeStyle = colors.border;
  context.lineWidth = coords.z < 3 ? 0.75 : 1;
  context.lineJoin = "round";
  context.beginPath();
  for (const shape of world.borders)
    for (const copy of copiesIn(shape, near)) trace(context, inPixels(shape, copy, origin, scale));
  context.stroke();
}

function trace(context: CanvasRenderingContext2D, points: readonly number[]): void {
  for (let index = 0; index < points.length; index += 2) {
    const [x = 0, y = 0] = [points[index], points[index + 1]];
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
}
