/** Thumbs on results: where a search can be refined, everything below it can say so. */
import { createContext, useContext } from "react";

export interface Judging {
  liked: ReadonlySet<number>;
  /** Like a photo or not; once more takes it back. */
  judge: (id: number, liked: boolean) => void;
}

/** Null where there is nothing to refine. */
export const JudgingContext = createContext<Judging | null>(null);

export function useJudging(): Judging | null {
  return useContext(JudgingContext);
}
