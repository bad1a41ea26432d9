import { s } from "@/strings";

import type { Problem } from "./types";

/** What the server (or the lack of one) said. `message` is fit to be shown. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;
  /** The last part of the problem's type, such as "cursor-expired". */
  readonly kind: string;

  constructor(status: number, problem?: Partial<Problem>) {
    super(problem?.detail ?? problem?.title ?? s.errors.title);
    this.name = "ApiError";
    this.status = status;
    this.hint = problem?.hint ?? "";
    this.kind = (problem?.type ?? "").split(/[/:]/).at(-1) ?? "";
  }
}

/** A message for any failure. */
export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : s.errors.unexpected;
}
