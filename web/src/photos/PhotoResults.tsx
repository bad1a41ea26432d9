import { lazy, Suspense, useCallback, useMemo, type ReactNode, type Ref } from "react";

import { useParameters } from "@/app/navigation";
import { ErrorState } from "@/components/ErrorState";
import { PhotoGrid, type GridHandle } from "@/grid/PhotoGrid";
import { useResultsVersion, type Sections } from "@/grid/useLayout";
import { usePreference } from "@/state/preferences";
import { asking, resultsOf, type AskFirst, type Question, type Results } from "@/state/results";
import { useSelection } from "@/state/selection";
import { s } from "@/strings";
import { asksForHidden } from "./searchState";
import { SelectionBar } from "./SelectionBar";

const Viewer = lazy(() => import("@/viewer/Viewer").then((module) => ({ default: module.Viewer })));

export const ROW_HEIGHTS = { small: 130, medium: 200, large: 300 } as const;
export type RowSize = keyof typeof ROW_HEIGHTS;

interface PhotoResultsProps {
  question: Question;
  /** For a question that is not put by `POST /search` alone, such as one with an uploaded image; `name` tells them apart. */
  ask?: { name: string; first: AskFirst } | undefined;
  /** When there are no results. */
  empty?: ReactNode;
  /** When there are no results, but something scored under the cut-off: so much. */
  nothingWithheld?: (best: number) => ReactNode;
  /** Whether scores mean something. */
  scored?: boolean;
  /** Headings between the photos. */
  sections?: Sections | undefined;
  /** Moves the grid. */
  grid?: Ref<GridHandle>;
  /** Above the photos. */
  children?: (results: Results) => ReactNode;
}

/** The photos that answer a question: grid or list, viewer, selection. What a page of photos is made of. */
export function PhotoResults(props: PhotoResultsProps) {
  const { question, ask, empty, nothingWithheld, scored: asked = false, sections, grid, children } = props;
  const name = ask?.name ?? JSON.stringify(question);
  const results = useMemo(
    () => resultsOf(name, ask?.first ?? asking(question)),
    // `name` stands for the question.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [name],
  );
  useResultsVersion(results);
  const [parameters, change] = useParameters();
  const [size] = usePreference<RowSize>("row-size", "medium");
  const selection = useSelection();

  const photo = numberOf(parameters.get("photo"));
  const at = photo === null ? null : (placeIn(results, photo, numberOf(parameters.get("at"))) ?? null);

  const show = useCallback(
    (place: number | null, replace = false) => {
      const hit = place === null ? undefined : results.at(place);
      // The entry remembers that the viewer was opened over the list, also when other photos were turned to.
      const state: unknown = replace ? window.history.state : { over: true };
      change({ photo: hit?.image.id ?? null, at: hit ? place : null }, { replace, state });
    },
    [results, change],
  );
  const open = useCallback((place: number) => show(place), [show]);
  const turn = useCallback((place: number) => show(place, true), [show]);
  const close = useCallback(() => {
    // Where the viewer was opened from here, closing it goes back, so that "back" does not open it again.
    if ((window.history.state as { over?: boolean } | null)?.over) window.history.back();
    else show(null, true);
  }, [show]);

  if (results.error !== null && results.first === null)
    return <ErrorState error={results.error} retry={() => results.retry()} />;
  const small = window.innerWidth < 640;
  // Where the words were all read as filters, everything scores the same.
  const onlyFilters = results.first?.understood?.words === "" && !question.like && !question.liked?.length && !ask;
  const scored = asked && !onlyFilters;
  const best = results.first?.best_withheld ?? null;
  const nothing = results.first !== null && results.length === 0;
  return (
    <>
      {children?.(results)}
      {selection.active && (
        <SelectionBar
          results={results}
          selection={selection}
          hidden={question.filters?.hidden || results.first?.understood?.chips.some(asksForHidden) || false}
          album={question.filters?.album ?? null}
        />
      )}
      <div aria-busy={results.first === null} className="px-1 pt-1 md:px-3">
        {nothing ? (
          best !== null && nothingWithheld ? (
            nothingWithheld(best)
          ) : (
            empty
          )
        ) : results.first === null ? (
          <GridSkeleton />
        ) : (
          <PhotoGrid
            results={results}
            name={name}
            view={parameters.get("view") === "list" ? "list" : "grid"}
            target={small ? Math.round(ROW_HEIGHTS[size] * 0.65) : ROW_HEIGHTS[size]}
            scored={scored}
            selection={selection}
            onOpen={open}
            current={at}
            sections={sections}
            ref={grid}
          />
        )}
        {results.error !== null && results.first !== null && (
          <ErrorState error={results.error} retry={() => results.retry()} />
        )}
      </div>
      {photo !== null && (
        <Suspense fallback={null}>
          <Viewer id={photo} place={at} results={results} scored={scored} onShow={turn} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

function GridSkeleton() {
  const widths = [
    [3, 2, 4, 3],
    [2, 4, 3, 2, 2],
    [4, 3, 3],
    [3, 3, 2, 4],
  ];
  return (
    <div role="status" className="space-y-1">
      <span className="sr-only">{s.common.loading}</span>
      {widths.map((row, index) => (
        <div key={index} className="flex gap-1">
          {row.map((grow, place) => (
            <div key={place} style={{ flexGrow: grow }} className="h-32 animate-pulse-soft bg-hover md:h-48" />
          ))}
        </div>
      ))}
    </div>
  );
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The place of a photo: as the address says if that is right, else where it is found. */
function placeIn(results: Results, id: number, at: number | null): number | null {
  if (at !== null) {
    const hit = results.at(at);
    if (!hit || hit.image.id === id) return at;
  }
  const found = results.placeOf(id);
  return found >= 0 ? found : null;
}
