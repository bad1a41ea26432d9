import type { Job } from "@/api/types";

/** What is known best of the latest run. A running one is seen by its events; that it has ended may be seen first by
 * asking, and then no event comes any more. */
export function nearest(latest: Job | null, heard: Job | null): Job | null {
  return latest?.state === "running" && heard?.id === latest.id ? heard : latest;
}
