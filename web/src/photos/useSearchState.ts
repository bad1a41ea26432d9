import { useCallback, useMemo } from "react";

import { useParameters, withParameters } from "@/app/navigation";
import { parseSearch, searchParameters, type SearchState } from "./searchState";

/** The search in the address, for pages that show its photos in their own way, and a way to change it. */
export function useSearchState(): [SearchState, (change: Partial<SearchState>) => void] {
  const [parameters, setParameters] = useParameters();
  const key = parameters.toString();
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const state = useMemo(() => parseSearch(parameters), [key]);
  const change = useCallback(
    (change: Partial<SearchState>) => setParameters({ ...searchParameters(change), photo: null, at: null }),
    [setParameters],
  );
  return [state, change];
}

/** The address of the same search on another page, without its order. */
export function searchAt(path: string, state: SearchState, more: Partial<SearchState> = {}): string {
  return withParameters(path, "", searchParameters({ ...state, sort: null, ...more }));
}
