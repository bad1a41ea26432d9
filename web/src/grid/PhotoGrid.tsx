import {
  memo,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from "react";

import { blockAt } from "./layout";
import { PhotoListRow } from "./PhotoListRow";
import { PhotoTile, type TileActions } from "./PhotoTile";
import {
  locate,
  placeAt,
  rowsBetween,
  sectionLabel,
  topOf,
  useLaid,
  useVisible,
  useWidth,
  vertical,
  type GridShape,
  type Laid,
  type Sections,
  type ShownRow,
} from "./useLayout";
import { cameBack } from "@/app/navigation";
import type { Found } from "@/api/types";
import { useJudging } from "@/feedback/judging";
import type { Results } from "@/state/results";
import type { Selection } from "@/state/selection";
import { s } from "@/strings";

interface PhotoGridProps {
  results: Results;
  /** Names the list in the history: its scroll position is kept under it. */
  name: string;
  view: "grid" | "list";
  /** Wanted height of a row. */
  target: number;
  /** Whether scores mean something: a search by words or example. */
  scored: boolean;
  selection: Selection;
  onOpen: (place: number) => void;
  /** The photo open in the viewer: the grid keeps it in sight. */
  current?: number | null;
  /** Headings between the photos; not in a list. */
  sections?: Sections | undefined;
  ref?: Ref<GridHandle> | undefined;
}

/** For what moves the grid from outside. */
export interface GridHandle {
  /** Make a place the first thing seen. */
  jump: (place: number) => void;
  /** The place that is. */
  top: () => number;
}

const SELECTION_LIMIT = 5000;

/** Photos in justified rows or a list. Only what is near the screen exists; the rest is geometry. */
export function PhotoGrid(props: PhotoGridProps) {
  const { results, name, view, target, scored, selection, onOpen, current = null, sections, ref } = props;
  const root = useRef<HTMLDivElement>(null);
  const width = useWidth(root);
  const shape = useMemo<GridShape>(() => ({ view, target, gap: 4, sections }), [view, target, sections]);
  const laid = useLaid(results, shape, width);
  const visible = useVisible(root);
  const rows = width > 0 ? rowsBetween(laid, visible.from, visible.to) : [];
  const [focus, setFocus] = useState(0);

  useWanted(results, laid, visible);
  const pin = useScrollAnchor(root, laid, name, width > 0 && results.length > 0);
  useKeepInSight(root, laid, current);

  useImperativeHandle(ref, () => ({
    jump: pin,
    top: () => placeAt(laid, stickyHeight() - (root.current?.getBoundingClientRect().top ?? 0)),
  }));

  const select = useSelecting(results, selection);
  const actions = useMemo<TileActions>(() => ({ open: onOpen, select }), [onOpen, select]);

  const judging = useJudging();
  const moveTo = (place: number | null) => {
    if (place === null) return;
    setFocus(place);
    const where = locate(laid, place);
    if (where) scrollIntoSight(root.current, where.y, where.height);
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus({ preventScroll: true }),
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const place = Number((event.target as HTMLElement).dataset["place"] ?? focus);
    if (event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "ArrowRight" && !command) moveTo(results.neighbour(place, 1));
    else if (event.key === "ArrowLeft" && !command) moveTo(results.neighbour(place, -1));
    else if (event.key === "ArrowDown" && !command) moveTo(vertical(laid, place, 1));
    else if (event.key === "ArrowUp" && !command) moveTo(vertical(laid, place, -1));
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(results.length - 1);
    else if ((event.key === "l" || event.key === "u") && !command && judging) {
      const hit = results.at(place);
      if (hit) judging.judge(hit.image.id, event.key === "l");
    } else if (event.key === " " || event.key === "x") select(place, event.shiftKey);
    else if (event.key === "a" && command) {
      const end = Math.min(results.length, SELECTION_LIMIT) - 1;
      void results.ensure(0, end).then(() => selection.set(idsBetween(results, 0, end), 0));
    } else return;
    event.preventDefault();
  };

  return (
    <div
      ref={root}
      role="group"
      aria-label={s.grid.label}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const place = (event.target as HTMLElement).dataset["place"];
        if (place !== undefined) setFocus(Number(place));
      }}
      className="relative w-full [overflow-anchor:none]"
      style={{ height: laid.height }}
    >
      {rows.map((row) =>
        row.section !== undefined && sections ? (
          <h2
            key={row.key}
            className="absolute inset-x-0 top-0 flex items-end truncate px-1 pb-2 font-semibold"
            style={{ height: row.height, transform: `translateY(${row.y}px)` }}
          >
            {sectionLabel(sections, row.base + row.section)}
          </h2>
        ) : (
          <GridRow
            key={row.key}
            row={row}
            hits={row.tiles.map((tile) => results.at(row.base + tile.index))}
            total={results.total}
            view={view}
            scored={scored}
            selection={selection}
            focus={row.tiles.some((tile) => row.base + tile.index === focus) ? focus : focusFallback(rows, row, focus)}
            actions={actions}
          />
        ),
      )}
    </div>
  );
}

/** When the focused photo is far away, Tab enters the grid at the first row that is there. */
function focusFallback(rows: readonly ShownRow[], row: ShownRow, focus: number): number {
  const present = rows.some((shown) => shown.tiles.some((tile) => shown.base + tile.index === focus));
  return !present && row === rows.find((shown) => shown.tiles.length > 0) ? row.base + (row.tiles[0]?.index ?? 0) : -1;
}

interface GridRowProps {
  row: ShownRow;
  /** Those of the row's tiles. */
  hits: readonly (Found | undefined)[];
  total: number | null;
  view: "grid" | "list";
  scored: boolean;
  selection: Selection;
  focus: number;
  actions: TileActions;
}

const GridRow = memo(
  function GridRow({ row, hits, total, view, scored, selection, focus, actions }: GridRowProps) {
    return (
      <div className="absolute inset-x-0 top-0" style={{ height: row.height, transform: `translateY(${row.y}px)` }}>
        {row.tiles.map((tile, index) => {
          const place = row.base + tile.index;
          const hit = hits[index];
          const common = { place, total, scored, actions, focusable: place === focus };
          return (
            <div
              key={hit?.image.id ?? `empty${place}`}
              className="absolute inset-y-0"
              style={{ left: tile.left, width: tile.width }}
            >
              {!hit ? (
                <div className="size-full animate-pulse-soft bg-hover" />
              ) : view === "list" ? (
                <PhotoListRow
                  hit={hit}
                  selected={selection.ids.has(hit.image.id)}
                  selecting={selection.active}
                  {...common}
                />
              ) : (
                <PhotoTile
                  hit={hit}
                  selected={selection.ids.has(hit.image.id)}
                  selecting={selection.active}
                  {...common}
                />
              )}
            </div>
          );
        })}
      </div>
    );
  },
  (before, after) =>
    before.row.key === after.row.key &&
    before.row.y === after.row.y &&
    before.row.height === after.row.height &&
    before.row.tiles === after.row.tiles &&
    before.hits.every((hit, index) => hit === after.hits[index]) &&
    before.total === after.total &&
    before.view === after.view &&
    before.scored === after.scored &&
    before.selection === after.selection &&
    before.focus === after.focus &&
    before.actions === after.actions,
);

function idsBetween(results: Results, from: number, to: number): number[] {
  const ids: number[] = [];
  for (let place = Math.min(from, to); place <= Math.max(from, to); place++) {
    const hit = results.at(place);
    if (hit) ids.push(hit.image.id);
  }
  return ids;
}

/** Select one, or with Shift everything from where the selection began. */
function useSelecting(results: Results, selection: Selection) {
  const latest = useRef(selection);
  useEffect(() => {
    latest.current = selection;
  });
  return useCallback(
    (place: number, range: boolean) => {
      const { anchor, toggle, add } = latest.current;
      const hit = results.at(place);
      if (!hit) return;
      if (range && anchor !== null)
        void results
          .ensure(Math.min(anchor, place), Math.max(anchor, place))
          .then(() => add(idsBetween(results, anchor, place)));
      else toggle(hit.image.id, place);
    },
    [results],
  );
}

/** Ask for the blocks on the screen, then for those around it. */
function useWanted(results: Results, laid: Laid, visible: { from: number; to: number }): void {
  const margin = (visible.to - visible.from) / 4;
  const first = blockAt(laid.offsets, visible.from + margin);
  const last = blockAt(laid.offsets, visible.to - margin);
  const before = blockAt(laid.offsets, visible.from - margin);
  const after = blockAt(laid.offsets, visible.to + margin);
  const version = results.version;
  useEffect(() => {
    const wanted: number[] = [];
    for (let block = first; block <= last; block++) wanted.push(block);
    results.want([...wanted, after, before]);
  }, [results, version, first, last, before, after]);
}

/** Lay a height of the grid under the sticky bar, or back on the screen, moving as little as possible. */
function scrollIntoSight(root: HTMLElement | null, y: number, height: number): void {
  if (!root) return;
  const top = root.getBoundingClientRect().top + y;
  const bar = stickyHeight();
  const bottomBar = window.innerWidth < 768 ? 72 : 12;
  if (top < bar + 8) window.scrollBy({ top: top - bar - 8 });
  else if (top + height > window.innerHeight - bottomBar)
    window.scrollBy({ top: top + height - window.innerHeight + bottomBar });
}

function stickyHeight(): number {
  return document.getElementById("top-bar")?.getBoundingClientRect().bottom ?? 0;
}

function useKeepInSight(root: React.RefObject<HTMLElement | null>, laid: Laid, current: number | null): void {
  const latest = useRef(laid);
  useEffect(() => {
    latest.current = laid;
  });
  const known = laid.height > 0;
  useEffect(() => {
    if (current === null || !known) return;
    const where = locate(latest.current, current);
    if (where) scrollIntoSight(root.current, where.y, where.height);
  }, [root, current, known]);
}

interface Anchor {
  block: number;
  /** How far into the block the screen begins, as a part of its height. */
  part: number;
  /** Or this place, which was jumped to and from which nobody has scrolled away. */
  place?: number;
}

/**
 * Keep what is looked at in its place when a block above turns out higher or lower than estimated, and when the page is
 * made wider; come back to it when the list is returned to.
 */
function useScrollAnchor(
  root: React.RefObject<HTMLElement | null>,
  laid: Laid,
  name: string,
  ready: boolean,
): (place: number) => void {
  const anchor = useRef<Anchor | null>(null);
  const heights = useRef<Laid | null>(null);
  /** Where the page was scrolled to for the sake of `anchor.place`. */
  const put = useRef(-1);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const remember = () => {
      const now = heights.current;
      // Hidden while another page is loaded, the grid has no place of its own.
      if (!now || !root.current?.offsetParent) return;
      const y = stickyHeight() - root.current.getBoundingClientRect().top;
      if (anchor.current?.place === undefined || Math.abs(window.scrollY - put.current) > 2)
        anchor.current = y <= 0 ? null : anchorAt(now, y);
      clearTimeout(timer);
      timer = setTimeout(() => store(name, anchor.current), 150);
    };
    window.addEventListener("scroll", remember, { passive: true });
    return () => {
      clearTimeout(timer);
      window.removeEventListener("scroll", remember);
    };
  }, [root, name]);

  useLayoutEffect(() => {
    if (!ready) return;
    anchor.current = cameBack() ? restored(name) : null;
    if (anchor.current === null) window.scrollTo(0, 0);
    heights.current = null;
  }, [name, ready]);

  useLayoutEffect(() => {
    if (!ready || !root.current) return;
    const before = heights.current;
    heights.current = laid;
    if (before === laid || anchor.current === null) return;
    const { block, part, place } = anchor.current;
    const y =
      place === undefined
        ? (laid.offsets[block] ?? laid.height) + part * (laid.blocks[block]?.height ?? 0)
        : topOf(laid, place);
    const off = root.current.getBoundingClientRect().top + y - stickyHeight();
    if (Math.abs(off) > 1) window.scrollBy(0, off);
    put.current = window.scrollY;
  }, [root, laid, ready]);

  return useCallback(
    (place: number) => {
      const now = heights.current;
      if (!now || !root.current) return;
      const y = topOf(now, place);
      anchor.current = { ...anchorAt(now, y), place };
      window.scrollTo(0, window.scrollY + root.current.getBoundingClientRect().top + y - stickyHeight());
      put.current = window.scrollY;
    },
    [root],
  );
}

function anchorAt(laid: Laid, y: number): Anchor {
  const block = blockAt(laid.offsets.slice(0, -1), y);
  const height = laid.blocks[block]?.height ?? 1;
  return { block, part: Math.min(1, Math.max(0, (y - (laid.offsets[block] ?? 0)) / height)) };
}

function store(name: string, anchor: Anchor | null): void {
  try {
    sessionStorage.setItem(`scroll:${name}`, JSON.stringify(anchor));
  } catch {
    // Storage is forbidden or full: the list then begins at its top.
  }
}

function restored(name: string): Anchor | null {
  try {
    return JSON.parse(sessionStorage.getItem(`scroll:${name}`) ?? "null") as Anchor | null;
  } catch {
    return null;
  }
}
