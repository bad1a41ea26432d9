import { beforeEach, expect, it, vi } from "vitest";

import { ApiError } from "@/api/errors";
import { client } from "@/api/client";
import { BLOCK, Results } from "./results";
import type { SearchPage } from "@/api/types";

vi.mock("@/api/client", () => ({ client: { POST: vi.fn() }, answered: (call: Promise<unknown>) => call }));

const post = vi.mocked(client.POST);

/** A page of an answer of so many results, as the server would send it. */
function page(total: number, start: number, { name = "first", known = true, count = BLOCK } = {}): SearchPage {
  const end = Math.min(total, start + count);
  return {
    results: Array.from({ length: Math.max(0, end - start) }, (_, index) => ({
      score: 1,
      image: { id: start + index + 1 },
    })),
    cursor: `${name}.${start}`,
    next_cursor: end < total ? `${name}.${end}` : null,
    total: known || end === total ? total : null,
    cut_off: 0.5,
    best_withheld: null,
    seconds: 0,
  } as unknown as SearchPage;
}

/** The server answers cursors of this name; of others it knows nothing. */
function serve(total: number, name: string, known = true): void {
  post.mockImplementation(((_path: string, { body }: { body: { cursor: string; top_k: number } }) => {
    const [asked, place] = body.cursor.split(".");
    if (asked !== name) return Promise.reject(new ApiError(410, { detail: "forgotten" }));
    return Promise.resolve(page(total, Number(place), { name, known, count: body.top_k }));
  }) as never);
}

const settled = () => new Promise((done) => setTimeout(done, 0));

beforeEach(() => {
  post.mockReset(); // what it returns would be taken for a clean-up
});

it("knows its length at once and loads only what is looked at", async () => {
  serve(100_000, "first");
  const results = new Results(() => Promise.resolve(page(100_000, 0)));
  await settled();
  expect(results.length).toBe(100_000);
  results.want([700]);
  await settled();
  expect(post).toHaveBeenCalledTimes(1);
  expect(results.at(700 * BLOCK + 5)?.image.id).toBe(700 * BLOCK + 6);
  expect(results.at(3 * BLOCK)).toBeUndefined();
  expect(results.placeOf(700 * BLOCK + 6)).toBe(700 * BLOCK + 5);
});

it("drops what was wanted before when one has scrolled on", async () => {
  serve(100_000, "first");
  const results = new Results(() => Promise.resolve(page(100_000, 0)));
  await settled();
  results.want([10, 11, 12, 13, 14]);
  results.want([500]);
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(results.isLoaded(500)).toBe(true);
  expect(results.isLoaded(14)).toBe(false);
});

it("grows while the end is unknown, and ends", async () => {
  serve(200, "first", false);
  const results = new Results(() => Promise.resolve(page(200, 0, { known: false })));
  await settled();
  expect(results.total).toBeNull();
  expect(results.length).toBe(2 * BLOCK);
  results.want([1]);
  await settled();
  expect(results.total).toBe(200);
  expect(results.length).toBe(200);
});

it("asks the question again when the server has forgotten the answer", async () => {
  serve(500, "second");
  const ask = vi
    .fn()
    .mockResolvedValueOnce(page(500, 0))
    .mockResolvedValue(page(500, 0, { name: "second" }));
  const results = new Results(ask);
  await settled();
  results.want([2]);
  for (let turn = 0; turn < 3; turn++) await settled();
  expect(ask).toHaveBeenCalledTimes(2);
  expect(results.error).toBeNull();
  expect(results.at(2 * BLOCK)?.image.id).toBe(2 * BLOCK + 1);
});

it("keeps a failure to tell it, and goes on after it", async () => {
  const ask = vi.fn().mockRejectedValueOnce(new ApiError(0)).mockResolvedValue(page(3, 0));
  const results = new Results(ask);
  await settled();
  expect(results.error).toBeInstanceOf(ApiError);
  results.retry();
  await settled();
  expect(results.error).toBeNull();
  expect(results.length).toBe(3);
});

it("takes photos out and puts them back where they were", async () => {
  const results = new Results(() => Promise.resolve(page(5, 0)));
  await settled();
  results.remove([2]);
  expect(results.at(1)?.image.id).toBe(3);
  expect(results.size(0)).toBe(4);
  expect(results.neighbour(3, 1)).toBeNull();
  results.remove([2], false);
  expect(results.at(1)?.image.id).toBe(2);
  results.patch(2, { rating: 4 });
  expect(results.at(1)?.image.rating).toBe(4);
});
