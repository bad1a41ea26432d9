import { useCallback, useEffect, useLayoutEffect, useRef, useState, type PointerEvent } from "react";

import { actualSize, fitted, panned, WHOLE, zoomed, type Size, type View } from "./zoom";
import type { ImageBrief } from "@/api/types";
import { s } from "@/strings";

/** What a browser can show of the originals; of others the preview is all there is. */
const SHOWABLE = new Set(["jpeg", "png", "gif", "webp", "avif", "bmp"]);

interface ZoomPaneProps {
  image: ImageBrief;
  /** A finger was drawn across the whole picture. */
  onSwipe: (direction: "left" | "right" | "down") => void;
  /** Drawn over the picture, in its coordinates. */
  overlay?: React.ReactNode;
}

/** One picture, zoomed and panned by wheel, pinch, drag, double click and keys. */
export function ZoomPane({ image, onSwipe, overlay }: ZoomPaneProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<Size>({ width: window.innerWidth, height: window.innerHeight });
  const [view, setView] = useState<View>(WHOLE);
  const [sharp, setSharp] = useState(false);
  const fit = fitted(image, room);
  // The preview of an animation stands still.
  const original = (view.scale > 1.3 || image.duration !== null) && SHOWABLE.has(image.format);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoom({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const zoom = useCallback(
    (factor: number, at = { x: 0, y: 0 }) => setView((view) => zoomed(view, factor, at, fitted(image, room), room)),
    [image, room],
  );
  const pan = (dx: number, dy: number) => setView((view) => panned(view, dx, dy, fit, room));
  const toggle = (at = { x: 0, y: 0 }) =>
    setView((view) =>
      view.scale > 1 ? WHOLE : zoomed(WHOLE, actualSize(image, fit, window.devicePixelRatio), at, fit, room),
    );
  const fromMiddle = (event: { clientX: number; clientY: number }) => {
    const box = frame.current?.getBoundingClientRect();
    return {
      x: event.clientX - (box?.left ?? 0) - room.width / 2,
      y: event.clientY - (box?.top ?? 0) - room.height / 2,
    };
  };

  useWheel(frame, zoom, fromMiddle);
  useZoomKeys(view.scale > 1, zoom, pan, toggle);
  const gesture = useGesture(view.scale, zoom, pan, fromMiddle, onSwipe);

  return (
    <div
      ref={frame}
      className={`relative size-full touch-none overflow-hidden select-none ${view.scale > 1 ? "cursor-grab active:cursor-grabbing" : "cursor-zoom-in"}`}
      onDoubleClick={(event) => toggle(fromMiddle(event))}
      {...gesture}
    >
      <div
        className="absolute top-1/2 left-1/2"
        style={{
          width: fit.width,
          height: fit.height,
          marginLeft: -fit.width / 2,
          marginTop: -fit.height / 2,
          transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
        }}
      >
        <img
          src={image.thumbnail_url}
          alt=""
          className={`absolute inset-0 size-full ${sharp ? "opacity-0" : "blur-[2px]"}`}
          style={{ backgroundColor: image.color }}
          draggable={false}
        />
        <img
          src={image.preview_url}
          alt={image.name}
          onLoad={() => setSharp(true)}
          className={`absolute inset-0 size-full transition-opacity duration-150 ${sharp ? "" : "opacity-0"}`}
          draggable={false}
        />
        {original && <img src={image.original_url} alt="" className="absolute inset-0 size-full" draggable={false} />}
        {overlay}
      </div>
      {view.scale > 1 && (
        <span className="pointer-events-none absolute bottom-4 left-1/2 -translate-x-1/2 rounded-full bg-black/60 px-3 py-1 text-sm text-white tabular-nums">
          {s.viewer.zoom(view.scale * (fit.width / image.width || 1))}
        </span>
      )}
    </div>
  );
}

type Zoom = (factor: number, at?: { x: number; y: number }) => void;
type FromMiddle = (event: { clientX: number; clientY: number }) => { x: number; y: number };

/** React's wheel listener is passive; this one keeps the page from zooming. */
function useWheel(frame: React.RefObject<HTMLElement | null>, zoom: Zoom, fromMiddle: FromMiddle): void {
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), fromMiddle(event));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });
}

const PAN_STEP = 80;

/** + and - zoom, z is whole or every pixel; while zoomed in, the arrows pan. */
function useZoomKeys(inside: boolean, zoom: Zoom, pan: (dx: number, dy: number) => void, toggle: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        (event.target as HTMLElement).closest("input, textarea, dialog, [role=menu]")
      )
        return;
      const actions: Record<string, () => void> = {
        "+": () => zoom(1.4),
        "=": () => zoom(1.4),
        "-": () => zoom(1 / 1.4),
        z: () => toggle(),
        ...(inside && {
          ArrowLeft: () => pan(PAN_STEP, 0),
          ArrowRight: () => pan(-PAN_STEP, 0),
          ArrowUp: () => pan(0, PAN_STEP),
          ArrowDown: () => pan(0, -PAN_STEP),
        }),
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // while zoomed in, the arrows do not turn the page
      action();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  });
}

interface Point {
  x: number;
  y: number;
}

const SWIPE = 60;

/** One finger or the mouse drags, or swipes where nothing is zoomed; two fingers pinch. */
function useGesture(
  scale: number,
  zoom: Zoom,
  pan: (dx: number, dy: number) => void,
  fromMiddle: FromMiddle,
  onSwipe: ZoomPaneProps["onSwipe"],
) {
  const points = useRef(new Map<number, Point>());
  const start = useRef<Point | null>(null);
  const lift = (event: PointerEvent) => {
    const began = start.current;
    const alone = points.current.size === 1;
    points.current.delete(event.pointerId);
    if (!alone || !began || scale > 1 || event.type !== "pointerup" || event.pointerType !== "touch") return;
    const [dx, dy] = [event.clientX - began.x, event.clientY - began.y];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) onSwipe(dx < 0 ? "left" : "right");
    else if (dy > SWIPE * 1.5 && dy > 2 * Math.abs(dx)) onSwipe("down");
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      points.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      start.current = points.current.size === 1 ? { x: event.clientX, y: event.clientY } : null;
    },
    onPointerMove: (event: PointerEvent) => {
      const before = points.current.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...points.current].find(([id]) => id !== event.pointerId)?.[1];
      points.current.set(event.pointerId, now);
      if (other) {
        const apart = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
        zoom(
          apart(now) / apart(before),
          fromMiddle({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }),
        );
      } else if (scale > 1) pan(now.x - before.x, now.y - before.y);
    },
    onPointerUp: lift,
    onPointerCancel: lift,
  };
}
