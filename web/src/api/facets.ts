import { answered, client } from "./client";
import type { Facets, Filters } from "./types";

/** How many photos there are of each kind under these filters. */
export function facetsOf(filters: Filters, signal?: AbortSignal): Promise<Facets> {
  return answered(client.POST("/api/v1/search/facets", { body: { filters }, ...(signal && { signal }) }));
}
