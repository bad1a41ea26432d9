import { useEffect, useLayoutEffect, useRef, useState, type PointerEvent } from "react";

import { spanAt, spanByKey, yearMarks, type Span } from "./buckets";
import { s } from "@/strings";

interface ScrubberProps {
  spans: readonly Span[];
  total: number;
  /** The place that is at the top of the screen. */
  top: () => number;
  onJump: (place: number) => void;
}

/** Room for a year beside the track, in pixels. */
const MARK = 18;

/** The whole time at the edge of the screen: a track to drag along, with its years; also by keys. */
export function Scrubber({ spans, total, top, onJump }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  const [place, setPlace] = useState(0);
  const [pointed, setPointed] = useState<number | null>(null);
  const covered = useTopBarHeight();
  const dragging = useRef(false);

  useLayoutEffect(() => {
    const element = track.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setPlace(top()));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("scroll", look);
    };
  }, [top, total]);

  const placeOf = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    if (!box || box.height === 0) return 0;
    const part = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    return Math.min(total - 1, Math.floor(part * total));
  };
  const jump = (to: number) => {
    setPlace(to);
    onJump(to);
  };
  const now = spans[spanAt(spans, place)];
  const shown = pointed ?? place;
  const yOf = (at: number) => (total > 0 ? (at / total) * height : 0);
  return (
    <div
      style={{ top: covered + 12 }}
      className="fixed right-0 bottom-20 z-20 w-5 select-none md:right-4 md:bottom-3 md:w-14"
    >
      <div
        ref={track}
        role="slider"
        tabIndex={0}
        aria-label={s.timeline.scrubber}
        aria-orientation="vertical"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, total - 1)}
        aria-valuenow={place}
        aria-valuetext={now?.label ?? ""}
        onKeyDown={(event) => {
          const to = spanByKey(spans, spanAt(spans, place), event.key);
          const span = to === null ? undefined : spans[to];
          if (!span) return;
          event.preventDefault();
          jump(span.start);
        }}
        onPointerDown={(event) => {
          dragging.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          setPointed(placeOf(event));
          jump(placeOf(event));
        }}
        onPointerMove={(event) => {
          setPointed(placeOf(event));
          if (dragging.current) jump(placeOf(event));
        }}
        onPointerUp={(event) => {
          dragging.current = false;
          if (event.pointerType !== "mouse") setPointed(null);
        }}
        onPointerCancel={() => {
          dragging.current = false;
          setPointed(null);
        }}
        onPointerLeave={() => {
          if (!dragging.current) setPointed(null);
        }}
        className="relative size-full cursor-ns-resize touch-none rounded-lg"
      >
        {yearMarks(spans, total, height, MARK).map((mark) => (
          <span
            key={mark.year}
            aria-hidden="true"
            className="absolute right-2 hidden text-xs leading-none text-ink-faint tabular-nums md:block"
            style={{ top: mark.y }}
          >
            {mark.year}
          </span>
        ))}
        <span
          aria-hidden="true"
          className="absolute right-0 h-10 w-1.5 -translate-y-1/2 rounded-full bg-accent-strong md:h-1 md:w-full md:rounded"
          style={{ top: yOf(place) }}
        />
        {pointed !== null && (
          <span
            aria-hidden="true"
            className="pointer-events-none absolute right-full mr-2 -translate-y-1/2 rounded-lg border border-line bg-raised px-3 py-1 text-sm font-medium whitespace-nowrap shadow-float"
            style={{ top: yOf(shown) }}
          >
            {spans[spanAt(spans, shown)]?.label}
          </span>
        )}
      </div>
    </div>
  );
}

/** How much of the screen the bar at the top covers: with the parts of a search in it, it may have several lines. */
function useTopBarHeight(): number {
  const [height, setHeight] = useState(60);
  useLayoutEffect(() => {
    const bar = document.getElementById("top-bar");
    if (!bar) return;
    const observer = new ResizeObserver(() => setHeight(bar.offsetHeight));
    observer.observe(bar);
    return () => observer.disconnect();
  }, []);
  return height;
}
