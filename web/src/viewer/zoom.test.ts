import { expect, it } from "vitest";

import { actualSize, fitted, MOST, panned, WHOLE, zoomed } from "./zoom";

const frame = { width: 1000, height: 800 };
const fit = fitted({ width: 4000, height: 2000 }, frame);

it("fits pictures, and does not blow small ones up", () => {
  expect(fit).toEqual({ width: 1000, height: 500 });
  expect(fitted({ width: 100, height: 50 }, frame)).toEqual({ width: 200, height: 100 });
  expect(fitted({ width: 0, height: 0 }, frame)).toEqual(frame);
});

it("keeps the point under the pointer", () => {
  const at = { x: 200, y: 0 };
  const view = zoomed(WHOLE, 4, at, fit, frame);
  expect(view.scale).toBe(4);
  expect((at.x - view.x) / view.scale).toBeCloseTo(at.x);
});

it("neither zooms out of the whole nor pans out of the picture", () => {
  expect(zoomed(WHOLE, 0.1, { x: 50, y: 50 }, fit, frame)).toEqual(WHOLE);
  expect(zoomed(WHOLE, 1000, { x: 0, y: 0 }, fit, frame).scale).toBe(MOST);
  expect(panned(WHOLE, 500, 500, fit, frame)).toEqual(WHOLE);
  expect(panned({ scale: 2, x: 0, y: 0 }, 9999, 9999, fit, frame)).toEqual({ scale: 2, x: 500, y: 100 });
});

it("knows the size of the file's pixels", () => {
  expect(actualSize({ width: 4000, height: 2000 }, fit, 1)).toBe(4);
  expect(actualSize({ width: 500, height: 250 }, fit, 1)).toBe(2);
});
