/** Calls whose routes are not in docs/openapi.json yet, typed by hand. Empty as soon as they are. */
import { ApiError } from "./errors";

export interface Suggestion {
  kind: string;
  text: string;
  insert: string;
  count?: number | null;
}
async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  // eslint-disable-next-line no-restricted-globals
  const response = await fetch(`/api/v1${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    ...(signal && { signal }),
  });
  const answer = (await response.json().catch(() => ({}))) as unknown;
  if (!response.ok) throw new ApiError(response.status, answer as object);
  return answer as T;
}

export const pending = {
  suggestions: (q: string, signal?: AbortSignal) =>
    call<{ suggestions: Suggestion[] }>("GET", `/suggestions?q=${encodeURIComponent(q)}&limit=8`, undefined, signal),
};
