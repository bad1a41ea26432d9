/** The typed client. `schema.ts` is generated from docs/openapi.json by `npm run client`; never edit it. */
import createClient from "openapi-fetch";

import type { Problem } from "./types";
import { ApiError } from "./errors";
import type { paths } from "./schema";
import { s } from "@/strings";

export const client = createClient<paths>({ baseUrl: window.location.origin });

type Listener = (kind: string) => void;
const listeners = new Set<Listener>();

/** Tells the listener what kind of problem the server answers with, each time; returns how to stop that. */
export function onProblem(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer of a call; throws ApiError for a problem, and where no server answers. */
export async function answered<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: s.errors.offline });
  }
  if (outcome.response.ok) return outcome.data as T;
  const problem = new ApiError(outcome.response.status, outcome.error as Partial<Problem> | undefined);
  for (const listener of listeners) listener(problem.kind);
  throw problem;
}
