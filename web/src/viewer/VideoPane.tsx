import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { answered, client } from "@/api/client";
import type { ImageBrief } from "@/api/types";
import { s } from "@/strings";
import { clock } from "@/strings/format";

const VIDEO_FORMATS = new Set(["mp4", "mov", "webm", "mkv", "avi"]);

export const isVideo = (image: ImageBrief): boolean => VIDEO_FORMATS.has(image.format);

interface VideoPaneProps {
  image: ImageBrief;
  /** Where it matches, in seconds. */
  at: number | null;
  /** The video inside a motion photo: it plays at once, and again. */
  motion?: string;
}

/** A video that can be played, from where it matches, with a strip of its scenes to jump to. */
export function VideoPane({ image, at, motion }: VideoPaneProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [now, setNow] = useState(at ?? 0);
  const [failed, setFailed] = useState(false);
  const { data: scenes = [] } = useQuery({
    queryKey: ["scenes", image.id, image.original_url],
    enabled: motion === undefined,
    queryFn: () =>
      answered(client.GET("/api/v1/images/{image_id}/scenes", { params: { path: { image_id: image.id } } })),
  });
  const jump = useCallback((to: number) => {
    setNow(to);
    if (video.current) video.current.currentTime = to;
  }, []);
  // A scene lasts until the next one begins. Players stop a little beside where they are told to.
  const current = scenes.findLastIndex((scene) => scene.at <= now + 0.05);
  const step = (by: number) => {
    const to = scenes[Math.min(scenes.length - 1, Math.max(0, current + by))];
    if (to) jump(to.at);
  };
  useVideoKeys({
    " ": () => {
      const element = video.current;
      if (element?.paused) void element.play().catch(() => undefined);
      else element?.pause();
    },
    ",": () => step(-1),
    ".": () => step(1),
  });

  return (
    <div className="flex size-full flex-col pt-14">
      <div className="relative min-h-0 flex-1">
        {failed ? (
          <div className="flex size-full flex-col items-center justify-center gap-3 p-6 text-center">
            <img src={image.preview_url} alt={image.name} className="max-h-[70%] max-w-full object-contain" />
            <p>{s.viewer.notPlayable}</p>
          </div>
        ) : (
          <video
            ref={video}
            // A media fragment (W3C): the browser begins there.
            src={motion ?? (at === null ? image.original_url : `${image.original_url}#t=${at}`)}
            autoPlay={motion !== undefined}
            loop={motion !== undefined}
            poster={image.preview_url}
            aria-label={image.name}
            controls
            playsInline
            preload="metadata"
            className="size-full object-contain"
            onTimeUpdate={(event) => setNow(event.currentTarget.currentTime)}
            onError={() => setFailed(true)}
          />
        )}
      </div>
      {scenes.length > 1 && (
        <ol aria-label={s.viewer.scenes} className="flex shrink-0 gap-2 overflow-x-auto p-3">
          {scenes.map((scene, number) => (
            <li key={scene.at} className="shrink-0">
              <button
                type="button"
                aria-label={s.viewer.playFrom(clock(scene.at))}
                aria-current={number === current}
                onClick={() => jump(scene.at)}
                className="relative block h-16 overflow-hidden rounded-md outline-offset-2 outline-white aria-[current=true]:outline-2 focus-visible:outline-3"
              >
                <img src={scene.thumbnail_url} alt="" loading="lazy" className="h-full min-w-12 object-cover" />
                <span className="absolute right-1 bottom-1 rounded bg-black/70 px-1 text-xs text-white tabular-nums">
                  {clock(scene.at)}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Before the player's own keys: with it in focus, the arrows would seek, and here they turn to the next photo. */
function useVideoKeys(keys: Record<string, () => void>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, dialog, [role=menu]"))
        return;
      if (event.key === " " && target.closest("button")) return;
      const action = keys[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      action();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  });
}
