/** Moving about. The address holds every state of the page, so that back, reload and a shared link work. */
import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";
import { navigate as go } from "wouter/use-browser-location";

export const paths = {
  photos: "/",
  timeline: "/timeline",
  map: "/map",
  albums: "/albums",
  album: (id: number) => `/albums/${id}`,
  people: "/people",
  person: (id: number) => `/people/${id}`,
  tags: "/tags",
  duplicates: "/duplicates",
  indexing: "/indexing",
  settings: "/settings",
} as const;

let arrivedBy: "push" | "pop" = "pop"; // a reload comes back to where one was, as going back does

window.addEventListener("popstate", () => {
  arrivedBy = "pop";
});

/** Whether the present view was come to by going back, forward or reloading: then its scroll position is restored. */
export function cameBack(): boolean {
  return arrivedBy === "pop";
}

export interface GoOptions {
  /** Do not make a new entry in the history. */
  replace?: boolean;
  /** Goes with the entry. */
  state?: unknown;
}

export function navigate(to: string, options: GoOptions = {}): void {
  if (!options.replace) arrivedBy = "push";
  go(to, options);
}

type Change = Record<string, string | number | readonly string[] | null | undefined>;

/** An address with some parameters changed; null takes one out. */
export function withParameters(path: string, search: string, change: Change): string {
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    parameters.delete(name);
    const values = Array.isArray(value) ? (value as readonly string[]) : [value as string | number | null | undefined];
    for (const one of values) if (one !== null && one !== undefined && one !== "") parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/** The parameters of the address, and a way to change some of them. */
export function useParameters(): [URLSearchParams, (change: Change, options?: GoOptions) => void] {
  const [path] = useLocation();
  const search = useSearch();
  const change = useCallback(
    (change: Change, options?: GoOptions) => navigate(withParameters(path, search, change), options),
    [path, search],
  );
  return [new URLSearchParams(search), change];
}
