import {
  ChevronLeft,
  ChevronRight,
  CircleDot,
  Copy,
  Download,
  EllipsisVertical,
  EyeOff,
  Info,
  Keyboard,
  LibraryBig,
  Maximize,
  ScanFace,
  Sparkles,
  TextSelect,
  ThumbsDown,
  ThumbsUp,
  X,
} from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

import { useMay } from "@/access/session";
import { navigate, useParameters } from "@/app/navigation";
import { IconButton } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { useJudging } from "@/feedback/judging";
import { AlbumPicker } from "@/photos/AlbumPicker";
import { downloadOriginal } from "@/photos/download";
import { useCuration } from "@/photos/useCuration";
import { usePreference } from "@/state/preferences";
import type { Results } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";
import { FaceFrames } from "./Faces";
import { InfoPanel } from "./InfoPanel";
import { Shortcuts } from "./Shortcuts";
import { TextLines } from "./TextLines";
import { useImage } from "./useImage";
import { isVideo, VideoPane } from "./VideoPane";
import { ZoomPane } from "./ZoomPane";

interface ViewerProps {
  id: number;
  /** Its place in the list, null when it is not in it. */
  place: number | null;
  results: Results;
  /** Whether scores mean something. */
  scored: boolean;
  onShow: (place: number) => void;
  onClose: () => void;
}

/** One photo on the whole screen. It lies over the page; the address names the photo. */
export function Viewer({ id, place, results, scored, onShow, onClose }: ViewerProps) {
  const root = useRef<HTMLDivElement>(null);
  const [info, setInfo] = usePreference<boolean>("info", false);
  const [faces, setFaces] = usePreference<boolean>("faces", false);
  const [parameters] = useParameters();
  const query = parameters.get("q") ?? "";
  const [text, setText] = usePreference<boolean>("text", false);
  const [playing, setPlaying] = useState<number | null>(null);
  const [dialog, setDialog] = useState<"albums" | "shortcuts" | null>(null);
  const { data: detail, error } = useImage(id);
  const curation = useCuration(results);
  const judging = useJudging();
  const may = useMay("write");
  const hit = place === null ? undefined : results.at(place);
  const image = hit?.image.id === id ? hit.image : detail;
  const motion = image?.motion_url ?? null;
  // Of this photo only: the next one is shown still.
  const moving = motion !== null && playing === id;
  const move = () => setPlaying(moving ? null : id);
  const before = place === null ? null : results.neighbour(place, -1);
  const after = place === null ? null : results.neighbour(place, 1);

  useModal(root, place);
  usePreload(results, before, after);
  const turn = useCallback(
    (to: number | null) => {
      if (to === null) return;
      setPlaying(null);
      void results.ensure(to, to).then(() => onShow(to));
    },
    [results, onShow],
  );
  const hide = () => {
    const next = after ?? before;
    void curation.hide([id]);
    // What was hidden leaves the list: the next photo moves into its place, unless it lies in another block.
    const now = place === null ? undefined : results.at(place);
    if (place !== null && now) onShow(place);
    else if (next !== null && results.at(next)) onShow(next);
    else onClose();
  };
  const copyPath = () => {
    if (image) navigator.clipboard.writeText(image.path).then(() => toast(s.viewer.copied), toastError);
  };
  const fullScreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else root.current?.requestFullscreen().catch(toastError);
  };
  const download = () => image && downloadOriginal(image);
  const like = () => navigate(`/?like=${id}`);

  useKeys({
    Escape: onClose,
    ArrowLeft: () => turn(before),
    ArrowRight: () => turn(after),
    Home: () => turn(results.at(0) ? 0 : null),
    i: () => setInfo(!info),
    f: fullScreen,
    d: download,
    m: like,
    ...(judging && { l: () => judging.judge(id, true), u: () => judging.judge(id, false) }),
    c: copyPath,
    p: () => setFaces(!faces),
    t: () => setText(!text),
    ...(motion !== null && { v: move }),
    "?": () => setDialog("shortcuts"),
    ...(may && {
      h: hide,
      a: () => setDialog("albums"),
      ...Object.fromEntries(
        [0, 1, 2, 3, 4, 5].map((stars) => [String(stars), () => void curation.rate(id, stars || null)]),
      ),
    }),
  });

  return createPortal(
    <div
      ref={root}
      role="dialog"
      aria-modal="true"
      aria-label={image?.name ?? s.viewer.label}
      tabIndex={-1}
      className="fixed inset-0 z-40 flex flex-col bg-[#0b0c0d] text-white outline-none md:flex-row"
    >
      <div className="relative min-h-0 min-w-0 flex-1">
        {image && isVideo(image) ? (
          <VideoPane key={image.id} image={image} at={hit?.image.id === id ? (hit.at ?? null) : null} />
        ) : image && moving ? (
          <VideoPane key={`${image.id} motion`} image={image} at={null} motion={motion} />
        ) : image ? (
          <ZoomPane
            key={image.id}
            image={image}
            overlay={
              <>
                {faces && <FaceFrames id={image.id} />}
                {text && <TextLines id={image.id} query={query} />}
              </>
            }
            onSwipe={(direction) => (direction === "down" ? onClose() : turn(direction === "left" ? after : before))}
          />
        ) : (
          error && <ErrorState error={error} />
        )}
        <div className="absolute inset-x-0 top-0 flex items-center gap-1 bg-gradient-to-b from-black/70 to-transparent p-2 pb-8">
          <IconButton icon={X} label={s.common.close} onClick={onClose} className={ON_DARK} />
          <div className="min-w-0 flex-1 px-1">
            <p className="truncate text-sm font-medium">{image?.name}</p>
            <p className="text-xs text-white/70 tabular-nums" aria-live="polite">
              {place !== null && s.viewer.place(place + 1, results.total)}
            </p>
          </div>
          {motion !== null && (
            <IconButton
              icon={CircleDot}
              label={moving ? s.viewer.motionOff : s.viewer.motionOn}
              onClick={move}
              className={ON_DARK}
            />
          )}
          {judging && (
            <>
              <IconButton
                icon={ThumbsUp}
                label={judging.liked.has(id) ? s.feedback.unlike : s.feedback.like}
                pressed={judging.liked.has(id)}
                onClick={() => judging.judge(id, true)}
                className={ON_DARK}
              />
              <IconButton
                icon={ThumbsDown}
                label={s.feedback.dislike}
                onClick={() => judging.judge(id, false)}
                className={ON_DARK}
              />
            </>
          )}
          <IconButton icon={Sparkles} label={s.viewer.like} onClick={like} className={ON_DARK} />
          {may && (
            <IconButton
              icon={LibraryBig}
              label={s.viewer.album}
              onClick={() => setDialog("albums")}
              className={`${ON_DARK} max-sm:hidden`}
            />
          )}
          <IconButton
            icon={Download}
            label={s.viewer.download}
            onClick={download}
            className={`${ON_DARK} max-sm:hidden`}
          />
          <IconButton
            icon={Info}
            label={s.viewer.info}
            pressed={info}
            onClick={() => setInfo(!info)}
            className={ON_DARK}
          />
          <Menu
            label={s.viewer.more}
            icon={EllipsisVertical}
            className="text-ink [&>button]:text-white/85 [&>button]:hover:bg-white/15 [&>button]:hover:text-white"
            items={[
              ...(may ? [{ label: s.viewer.album, icon: LibraryBig, onSelect: () => setDialog("albums") }] : []),
              { label: s.viewer.download, icon: Download, onSelect: download },
              { label: s.viewer.copyPath, icon: Copy, onSelect: copyPath },
              ...(may ? [{ label: s.viewer.hide, icon: EyeOff, onSelect: hide }] : []),
              { label: faces ? s.viewer.facesOff : s.viewer.facesOn, icon: ScanFace, onSelect: () => setFaces(!faces) },
              { label: text ? s.viewer.textOff : s.viewer.textOn, icon: TextSelect, onSelect: () => setText(!text) },
              { label: s.viewer.fullScreen, icon: Maximize, onSelect: fullScreen },
              { label: s.viewer.shortcuts, icon: Keyboard, onSelect: () => setDialog("shortcuts") },
            ]}
          />
        </div>
        {before !== null && (
          <IconButton
            icon={ChevronLeft}
            label={s.viewer.previous}
            onClick={() => turn(before)}
            className={`${ON_DARK} ${TURN} left-2`}
          />
        )}
        {after !== null && (
          <IconButton
            icon={ChevronRight}
            label={s.viewer.next}
            onClick={() => turn(after)}
            className={`${ON_DARK} ${TURN} right-2`}
          />
        )}
      </div>
      {info && image && (
        <InfoPanel
          image={image}
          detail={detail}
          score={scored && hit ? hit.score : null}
          place={place}
          results={results}
          curation={curation}
          onClose={() => setInfo(false)}
          onAlbums={() => setDialog("albums")}
        />
      )}
      {dialog === "albums" && <AlbumPicker ids={[id]} onClose={() => setDialog(null)} />}
      {dialog === "shortcuts" && <Shortcuts onClose={() => setDialog(null)} />}
    </div>,
    document.body,
  );
}

const ON_DARK = "text-white/85 hover:bg-white/15 hover:text-white aria-pressed:bg-white/20 aria-pressed:text-white";
const TURN = "absolute top-1/2 size-11 -translate-y-1/2 rounded-full bg-black/30 max-md:hidden";

/** The page behind does not scroll and cannot be reached; afterwards the focus is on the photo last shown. */
function useModal(root: React.RefObject<HTMLElement | null>, place: number | null): void {
  const last = useRef(place);
  useEffect(() => {
    last.current = place;
  }, [place]);
  useEffect(() => {
    const page = document.getElementById("root");
    const html = document.documentElement;
    page?.setAttribute("inert", "");
    html.style.overflow = "hidden";
    root.current?.focus();
    return () => {
      page?.removeAttribute("inert");
      html.style.overflow = "";
      if (document.fullscreenElement) void document.exitFullscreen();
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>(`[data-place="${last.current ?? ""}"]`)?.focus({ preventScroll: true }),
      );
    };
  }, [root]);
}

/** The pictures on both sides are there before one turns to them. */
function usePreload(results: Results, before: number | null, after: number | null): void {
  useEffect(() => {
    for (const place of [after, before]) {
      const url = place === null ? undefined : results.at(place)?.image.preview_url;
      if (url) new Image().src = url;
      else if (place !== null) void results.ensure(place, place);
    }
  }, [results, before, after]);
}

function useKeys(keys: Record<string, () => unknown>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as HTMLElement).closest("input, textarea, select, dialog, [role=menu]")) return;
      const action = keys[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
