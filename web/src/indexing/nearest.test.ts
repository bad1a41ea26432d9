import { expect, test } from "vitest";

import { nearest } from "./nearest";
import type { Job } from "@/api/types";

const job = (id: number, state: Job["state"], done = 0): Job => ({
  id,
  kind: "index",
  state,
  done,
  total: 60,
  errors: 0,
  rate: null,
  eta: null,
  current: null,
  started_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  detail: {},
  error: null,
});

test("a running job is seen by its events", () => {
  expect(nearest(job(2, "running", 10), job(2, "running", 40))?.done).toBe(40);
  expect(nearest(job(2, "running", 10), job(2, "done", 60))?.state).toBe("done");
});

test("an end that was seen by asking stands, whatever event came last", () => {
  expect(nearest(job(2, "done", 60), job(2, "running", 40))?.state).toBe("done");
});

test("events of an earlier job say nothing of the latest", () => {
  expect(nearest(job(2, "running"), job(1, "cancelled", 5))?.id).toBe(2);
  expect(nearest(job(2, "running"), null)?.id).toBe(2);
  expect(nearest(null, job(1, "running"))).toBeNull();
});
