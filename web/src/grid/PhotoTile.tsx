import { Check, CircleDot, EyeOff, FileWarning, Play } from "lucide-react";
import { memo, useRef, useState, type MouseEvent } from "react";

import type { Found } from "@/api/types";
import { Thumbs } from "@/feedback/Thumbs";
import { clock, day } from "@/strings/format";
import { s } from "@/strings";

export interface TileActions {
  open: (place: number) => void;
  /** Select or unselect; with a range when Shift is held. */
  select: (place: number, range: boolean) => void;
}

/** What a photo of a grid or a list is told. */
export interface PhotoItemProps {
  hit: Found;
  place: number;
  /** Of how many, for a screen reader; null when nobody knows. */
  total: number | null;
  selected: boolean;
  selecting: boolean;
  focusable: boolean;
  scored: boolean;
  actions: TileActions;
}

/** Opens the photo, or selects it where a key is held or others are selected. */
export function clicked(event: MouseEvent, { place, selecting, actions }: PhotoItemProps) {
  if (event.shiftKey) actions.select(place, true);
  else if (selecting || event.ctrlKey || event.metaKey) actions.select(place, false);
  else actions.open(place);
}

/** One photo of a grid: its dominant colour until the thumbnail is there, so that nothing ever moves. */
export const PhotoTile = memo(function PhotoTile(props: PhotoItemProps) {
  const { hit, place, selected, selecting, focusable, scored, actions } = props;
  const { image } = hit;
  const press = useLongPress(() => actions.select(place, false));
  const onClick = (event: MouseEvent) => {
    if (!press.wasLong()) clicked(event, props);
  };
  return (
    <div
      className={`group relative size-full overflow-hidden bg-hover transition-[border-radius,transform] ${selected ? "scale-[0.94] rounded-xl" : ""}`}
      style={{ backgroundColor: image.color }}
    >
      <button
        type="button"
        data-place={place}
        tabIndex={focusable ? 0 : -1}
        aria-label={s.grid.tile(
          image.name,
          image.taken_at && day(image.taken_at),
          scored ? hit.score : null,
          image.duration === null ? null : clock(image.duration),
          image.motion_url !== null,
        )}
        aria-pressed={selecting ? selected : undefined}
        onClick={onClick}
        {...press.handlers}
        className="absolute inset-0 touch-manipulation select-none [-webkit-touch-callout:none] focus-visible:z-10 focus-visible:outline-3 focus-visible:-outline-offset-3"
      >
        <Thumbnail url={image.thumbnail_url} />
      </button>
      {!selecting && <Thumbs id={image.id} className="absolute bottom-1.5 left-1.5 max-md:hidden" />}
      {(scored || image.missing || image.duration !== null || image.motion_url !== null) && (
        <span className="pointer-events-none absolute right-1.5 bottom-1.5 flex gap-1">
          {image.missing && (
            <span title={s.grid.missing} className="rounded-md bg-black/60 p-1 text-white">
              <FileWarning size={14} aria-label={s.grid.missing} />
            </span>
          )}
          {image.motion_url !== null && (
            <span title={s.grid.motion} className="rounded-md bg-black/60 p-1 text-white">
              <CircleDot size={14} aria-hidden="true" />
            </span>
          )}
          {image.duration !== null && (
            <span className="flex items-center gap-1 rounded-md bg-black/60 px-1.5 py-0.5 text-xs leading-none font-medium text-white tabular-nums">
              <Play size={10} fill="currentColor" aria-hidden="true" />
              {s.grid.duration(typeof hit.at === "number" ? clock(hit.at) : null, clock(image.duration))}
            </span>
          )}
          {scored && <ScoreBadge score={hit.score} />}
        </span>
      )}
      <button
        type="button"
        tabIndex={-1}
        aria-hidden="true"
        title={s.grid.select}
        onClick={(event) => actions.select(place, event.shiftKey)}
        className={`absolute top-1.5 left-1.5 flex size-6 items-center justify-center rounded-full border-2 border-white transition-opacity ${
          selected
            ? "bg-accent-strong text-white"
            : `bg-black/35 text-transparent hover:text-white ${selecting ? "" : "opacity-0 group-hover:opacity-100"}`
        }`}
      >
        <Check size={14} strokeWidth={3} aria-hidden="true" />
      </button>
    </div>
  );
});

/** How sure the search is. */
export function ScoreBadge({ score }: { score: number }) {
  return (
    <span className="rounded-md bg-black/60 px-1.5 py-0.5 text-xs leading-none font-medium text-white tabular-nums">
      {s.grid.score(score)}
    </span>
  );
}

/** A thumbnail over its colour; where there is none, a sign. No state for the usual case: there are many of them. */
export function Thumbnail({ url, fit = "cover" }: { url: string; fit?: "cover" | "contain" }) {
  const [failed, setFailed] = useState(false);
  if (failed)
    return (
      <span className="flex size-full items-center justify-center text-white/80">
        <EyeOff size={22} aria-label={s.grid.noPicture} />
      </span>
    );
  return (
    <img
      src={url}
      alt=""
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
      className={`size-full ${fit === "cover" ? "object-cover" : "object-contain"}`}
    />
  );
}

const LONG_PRESS_MS = 450;

/** On a touch screen, holding a photo begins a selection. */
function useLongPress(action: () => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; long: boolean }>({
    timer: undefined,
    long: false,
  });
  const stop = () => clearTimeout(press.current.timer);
  return {
    wasLong: () => {
      const { long } = press.current;
      press.current.long = false;
      return long;
    },
    handlers: {
      onPointerDown: (event: { pointerType: string }) => {
        press.current.long = false;
        if (event.pointerType !== "touch") return;
        press.current.timer = setTimeout(() => {
          press.current.long = true;
          action();
        }, LONG_PRESS_MS);
      },
      onPointerUp: stop,
      onPointerCancel: stop,
      onPointerLeave: stop,
      onContextMenu: (event: MouseEvent) => {
        if (press.current.long) event.preventDefault();
      },
    },
  };
}
