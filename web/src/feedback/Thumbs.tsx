import { ThumbsDown, ThumbsUp } from "lucide-react";

import { s } from "@/strings";
import { useJudging } from "./judging";

/** Whether a result is meant: over a photo that is pointed at. By keyboard: l and u. */
export function Thumbs({ id, className = "" }: { id: number; className?: string }) {
  const judging = useJudging();
  if (!judging) return null;
  const liked = judging.liked.has(id);
  const look = "flex size-7 items-center justify-center rounded-full text-white transition-opacity";
  return (
    <span className={`flex gap-1 ${className}`}>
      <button
        type="button"
        tabIndex={-1}
        aria-label={liked ? s.feedback.unlike : s.feedback.like}
        aria-pressed={liked}
        title={liked ? s.feedback.unlike : s.feedback.like}
        onClick={() => judging.judge(id, true)}
        className={`${look} ${liked ? "bg-accent-strong" : "bg-black/55 opacity-0 group-hover:opacity-100 hover:bg-black/80"}`}
      >
        <ThumbsUp size={14} aria-hidden="true" />
      </button>
      {!liked && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={s.feedback.dislike}
          title={s.feedback.dislike}
          onClick={() => judging.judge(id, false)}
          className={`${look} bg-black/55 opacity-0 group-hover:opacity-100 hover:bg-black/80`}
        >
          <ThumbsDown size={14} aria-hidden="true" />
        </button>
      )}
    </span>
  );
}
