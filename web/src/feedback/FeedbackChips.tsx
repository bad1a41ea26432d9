import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BookmarkPlus, ThumbsDown, ThumbsUp } from "lucide-react";

import { useMay } from "@/access/session";
import { answered, client } from "@/api/client";
import { Chip } from "@/components/Chip";
import type { SearchState } from "@/photos/searchState";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

interface FeedbackChipsProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
}

/** What was liked and what was not, to be taken away; and to be remembered. */
export function FeedbackChips({ state, change }: FeedbackChipsProps) {
  const queries = useQueryClient();
  const may = useMay("write");
  const keep = useMutation({
    mutationFn: () =>
      answered(
        client.POST("/api/v1/feedback", {
          body: { query: state.q, liked: state.liked.map(Number), disliked: state.disliked.map(Number) },
        }),
      ),
    onSuccess: ({ facts }) => {
      toast(s.feedback.kept(facts));
      return queries.invalidateQueries({ queryKey: ["feedback"] });
    },
    onError: toastError,
  });
  if (state.liked.length + state.disliked.length === 0) return null;
  return (
    <>
      {state.liked.length > 0 && (
        <Chip
          icon={ThumbsUp}
          tone="accent"
          label={s.feedback.liked(state.liked.length)}
          onRemove={() => change({ liked: [] })}
        />
      )}
      {state.disliked.length > 0 && (
        <Chip
          icon={ThumbsDown}
          tone="accent"
          label={s.feedback.disliked(state.disliked.length)}
          onRemove={() => change({ disliked: [] })}
        />
      )}
      {may && state.q !== "" && (
        <button
          type="button"
          title={s.feedback.rememberHint}
          disabled={keep.isPending}
          onClick={() => keep.mutate()}
          className="inline-flex min-h-7 items-center gap-1.5 rounded-full px-2 text-sm font-medium text-accent hover:underline disabled:opacity-50"
        >
          <BookmarkPlus size={15} aria-hidden="true" /> {s.feedback.remember}
        </button>
      )}
    </>
  );
}
