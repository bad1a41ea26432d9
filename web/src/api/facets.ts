import { answered, client } from "./client";
import type { Facets, Filters } from "./types";

/** How many photos there are of each kind under these filters, and under those that the query holds. */
export function facetsOf(filters: Filters, query: string | null, signal?: AbortSignal): Promise<Facets> {
  return answered(client.POST("/api/v1/search/facets", { body: { filters, query }, ...(signal && { signal }) }));
}
