import { Check } from "lucide-react";
import { memo } from "react";

import { clicked, type PhotoItemProps, ScoreBadge, Thumbnail } from "./PhotoTile";
import { bytes, day } from "@/strings/format";
import { s } from "@/strings";

/** One photo of a list: picture, name, folder and figures. */
export const PhotoListRow = memo(function PhotoListRow(props: PhotoItemProps) {
  const { hit, place, selected, selecting, focusable, scored, actions } = props;
  const { image } = hit;
  return (
    <div
      className={`group flex size-full items-center border-b border-line ${selected ? "bg-accent-soft" : "hover:bg-surface"}`}
    >
      <button
        type="button"
        tabIndex={-1}
        aria-hidden="true"
        title={s.grid.select}
        onClick={(event) => actions.select(place, event.shiftKey)}
        className={`mx-2 flex size-6 shrink-0 items-center justify-center rounded-full border-2 ${selected ? "border-accent-strong bg-accent-strong text-white" : "border-line text-transparent hover:text-ink-faint"}`}
      >
        <Check size={14} strokeWidth={3} aria-hidden="true" />
      </button>
      <button
        type="button"
        data-place={place}
        tabIndex={focusable ? 0 : -1}
        aria-pressed={selecting ? selected : undefined}
        onClick={(event) => clicked(event, props)}
        className="flex h-full min-w-0 flex-1 items-center gap-4 pr-3 text-left focus-visible:-outline-offset-2"
      >
        <span className="size-14 shrink-0 overflow-hidden rounded-md" style={{ backgroundColor: image.color }}>
          <Thumbnail url={image.thumbnail_url} />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{image.name}</span>
          <span className="block truncate text-sm text-ink-faint">{image.path.slice(0, -image.name.length - 1)}</span>
        </span>
        <span className="hidden w-28 shrink-0 text-sm text-ink-soft sm:block">
          {image.taken_at ? day(image.taken_at) : ""}
        </span>
        <span className="hidden w-28 shrink-0 text-right text-sm text-ink-soft tabular-nums lg:block">
          {image.width} × {image.height}
        </span>
        <span className="hidden w-20 shrink-0 text-right text-sm text-ink-soft tabular-nums md:block">
          {bytes(image.file_size)}
        </span>
        {scored && <ScoreBadge score={hit.score} />}
      </button>
    </div>
  );
});
