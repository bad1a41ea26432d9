import {
  CalendarDays,
  FolderPlus,
  Grid2X2,
  Images,
  ImageOff,
  LayoutList,
  Map as MapIcon,
  SearchX,
  SlidersHorizontal,
  type LucideIcon,
} from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { Link } from "wouter";

import { navigate, paths, useParameters } from "@/app/navigation";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { Menu } from "@/components/Menu";
import { FeedbackChips } from "@/feedback/FeedbackChips";
import { JudgingContext } from "@/feedback/judging";
import { useJudge } from "@/feedback/useJudge";
import { usePreference } from "@/state/preferences";
import { forgetResults, type Results } from "@/state/results";
import { toastError } from "@/state/toasts";
import { useWide } from "@/state/useWide";
import { s } from "@/strings";
import { DropArea } from "./DropArea";
import { askingByExample, keepExample } from "./example";
import { FilterPanel } from "./FilterPanel";
import { PhotoResults, type RowSize } from "./PhotoResults";
import { SaveSearch } from "./SaveSearch";
import { SearchBar } from "./SearchBar";
import { SearchChips } from "./SearchChips";
import {
  countFilters,
  isCompared,
  isNarrowed,
  isRanked,
  noFilters,
  NOTHING,
  questionOf,
  type SearchState,
} from "./searchState";
import { searchAt, useSearchState } from "./useSearchState";

/** All photos, and the search. */
export function PhotosPage() {
  const [state, change] = useSearchState();
  const question = useMemo(() => questionOf(state), [state]);
  const ask = useMemo(
    () =>
      state.example === null
        ? undefined
        : {
            name: `example ${state.example} ${JSON.stringify(question)}`,
            first: askingByExample(state.example, question),
          },
    [state.example, question],
  );
  const wide = useWide();
  const [panel, setPanel] = usePreference<boolean>("filters", false);
  const [sheet, setSheet] = useState(false);
  const filtersShown = wide ? panel : sheet;
  const setFilters = wide ? setPanel : setSheet;

  const byImage = useCallback(
    (image: File) => {
      keepExample(image).then(
        (name) => change({ example: name, like: null, sort: null }),
        (error: unknown) => toastError(error),
      );
    },
    [change],
  );

  const filters = countFilters(state);
  const judging = useJudge(state, change);
  return (
    <DropArea onImage={byImage}>
      <div id="top-bar" className="sticky top-0 z-20 border-b border-line bg-canvas/95 backdrop-blur">
        <div className="flex items-center gap-1 px-3 py-2 md:gap-2 md:px-4">
          <h1 className="sr-only">{s.nav.photos}</h1>
          <SearchBar
            value={state.q}
            onSearch={(q) => change({ q, ...(q !== "" && { sort: null }), ...(q !== state.q && NO_THUMBS) })}
            onImage={byImage}
          />
          <div className="relative">
            <IconButton
              icon={SlidersHorizontal}
              label={s.filters.title}
              pressed={filtersShown}
              onClick={() => setFilters(!filtersShown)}
            />
            {filters > 0 && (
              <span className="pointer-events-none absolute -top-0.5 -right-0.5 rounded-full bg-accent-strong px-1.5 text-[0.6875rem] leading-4 font-semibold text-white">
                {filters}
              </span>
            )}
          </div>
          <ViewMenu state={state} change={change} />
        </div>
      </div>
      <div className="flex">
        <div className="min-w-0 flex-1">
          <JudgingContext value={judging}>
            <PhotoResults
              question={question}
              ask={ask}
              scored={isRanked(state)}
              empty={<Nothing state={state} change={change} />}
              nothingWithheld={(best) => <Withheld best={best} change={change} />}
            >
              {(results) => <Summary state={state} results={results} change={change} />}
            </PhotoResults>
          </JudgingContext>
        </div>
        {filtersShown && (
          <aside
            aria-label={s.filters.title}
            className="fixed inset-0 z-40 bg-canvas lg:sticky lg:top-[61px] lg:z-10 lg:h-[calc(100dvh-61px)] lg:w-76 lg:shrink-0 lg:self-start lg:border-l lg:border-line"
          >
            <FilterPanel state={state} change={change} onClose={() => setFilters(false)} />
            {!wide && (
              <div className="fixed inset-x-0 bottom-0 border-t border-line bg-canvas p-3">
                <Button look="primary" className="w-full" onClick={() => setSheet(false)}>
                  {s.filters.show}
                </Button>
              </div>
            )}
          </aside>
        )}
      </div>
    </DropArea>
  );
}

/** Thumbs belong to the words they were given for. */
const NO_THUMBS = { liked: [], disliked: [] } as const satisfies Partial<SearchState>;

interface PartProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
}

/** How many there are, and what the search consists of. */
function Summary({ state, results, change }: PartProps & { results: Results }) {
  const understood = results.first?.understood;
  const total = results.total;
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-1.5 px-3 pt-2 pb-1 md:px-4">
      <SearchChips state={state} understood={understood} change={change} />
      <FeedbackChips state={state} change={change} />
      <p role="status" className="text-sm text-ink-faint">
        {results.first && results.length > 0 && (total === null ? s.search.many : s.common.photos(total))}
      </p>
      <span className="ml-auto flex items-center">
        {isNarrowed(state) && state.example === null && results.length > 0 && (
          <>
            <ElsewhereLink icon={CalendarDays} label={s.search.onTimeline} href={searchAt(paths.timeline, state)} />
            <ElsewhereLink icon={MapIcon} label={s.search.onMap} href={searchAt(paths.map, state)} />
          </>
        )}
        <SaveSearch state={state} />
      </span>
    </div>
  );
}

/** The same photos on another page. */
function ElsewhereLink({ icon: Icon, label, href }: { icon: LucideIcon; label: string; href: string }) {
  return (
    <Link
      href={href}
      title={label}
      className="inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm text-ink-soft hover:bg-hover hover:text-ink"
    >
      <Icon size={16} aria-hidden="true" />
      <span className="max-sm:sr-only">{label}</span>
    </Link>
  );
}

function ViewMenu({ state, change }: PartProps) {
  const [parameters, setParameters] = useParameters();
  const [size, setSize] = usePreference<RowSize>("row-size", "medium");
  const list = parameters.get("view") === "list";
  const ranked = isCompared(state);
  const sort = state.sort ?? (ranked ? "relevance" : "newest");
  const sorts = ranked ? (["relevance", "newest", "oldest"] as const) : (["newest", "oldest"] as const);
  return (
    <Menu
      label={s.view.title}
      icon={list ? LayoutList : Grid2X2}
      groups={[
        {
          label: s.view.title,
          items: [
            { label: s.view.grid, icon: Grid2X2, checked: !list, onSelect: () => setParameters({ view: null }) },
            { label: s.view.list, icon: LayoutList, checked: list, onSelect: () => setParameters({ view: "list" }) },
          ],
        },
        {
          label: s.view.sort,
          items: sorts.map((choice) => ({
            label: s.view.sorts[choice],
            checked: sort === choice,
            onSelect: () => change({ sort: choice === (ranked ? "relevance" : "newest") ? null : choice }),
          })),
        },
        {
          label: s.view.size,
          items: (["small", "medium", "large"] as const).map((choice) => ({
            label: s.view.sizes[choice],
            checked: size === choice,
            onSelect: () => setSize(choice),
          })),
        },
      ]}
    />
  );
}

function Nothing({ state, change }: PartProps) {
  const filters = countFilters(state);
  if (state.hidden && filters === 1 && !state.q)
    return (
      <EmptyState
        icon={ImageOff}
        title={s.empty.hidden}
        actions={<Button onClick={() => change({ hidden: false })}>{s.errors.home}</Button>}
      />
    );
  if (filters > 0 || isCompared(state))
    return (
      <EmptyState
        icon={SearchX}
        title={s.empty.nothing}
        actions={
          <>
            {filters > 0 && (
              <Button look="primary" onClick={() => change(noFilters())}>
                {s.filters.clear}
              </Button>
            )}
            <Button icon={Images} onClick={() => change(NOTHING)}>
              {s.errors.home}
            </Button>
          </>
        }
      >
        <ul className="mt-2 list-inside list-disc text-left text-sm">
          {s.empty.advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </EmptyState>
    );
  return (
    <EmptyState
      icon={FolderPlus}
      title={s.empty.library}
      actions={
        <Button
          look="primary"
          icon={FolderPlus}
          onClick={() => {
            forgetResults();
            navigate(paths.indexing);
          }}
        >
          {s.empty.add}
        </Button>
      }
    >
      <p>{s.empty.libraryHint}</p>
      <p className="mt-3 text-sm">
        {s.empty.orType} <code className="rounded bg-surface px-1.5 py-0.5">smartsearch index ~/Pictures</code>
      </p>
    </EmptyState>
  );
}

/** Something scored, but too low: it may still be what was meant. */
function Withheld({ best, change }: { best: number; change: PartProps["change"] }) {
  return (
    <EmptyState
      icon={SearchX}
      title={s.empty.unsure}
      actions={
        <Button look="primary" onClick={() => change({ all: true })}>
          {s.empty.showAll}
        </Button>
      }
    >
      <p>{s.empty.unsureHint(best)}</p>
    </EmptyState>
  );
}
