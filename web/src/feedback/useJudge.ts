import { useMemo } from "react";

import { useMay } from "@/access/session";
import type { SearchState } from "@/photos/searchState";
import type { Judging } from "./judging";

/** Thumbs that change the search in the address; null for one they cannot refine, and for those who may only look. */
export function useJudge(state: SearchState, change: (change: Partial<SearchState>) => void): Judging | null {
  const { liked, disliked } = state;
  const may = useMay("write");
  const asked = may && state.example === null && (state.q !== "" || state.like !== null || liked.length > 0);
  return useMemo(
    () =>
      asked
        ? {
            liked: new Set(liked.map(Number)),
            judge: (id, good) => {
              const name = String(id);
              const had = (good ? liked : disliked).includes(name);
              const rest = (ids: readonly string[]) => ids.filter((other) => other !== name);
              change({
                liked: good && !had ? [...rest(liked), name] : rest(liked),
                disliked: !good && !had ? [...rest(disliked), name] : rest(disliked),
              });
            },
          }
        : null,
    [asked, liked, disliked, change],
  );
}
