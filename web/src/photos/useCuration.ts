/** What a person says of photos: rating, tags, albums, hiding. Everything can be undone. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import { answered, client } from "@/api/client";
import type { Album, Edit } from "@/api/types";
import { forgetResults, type Results } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

/** Photos of one edit; a request has any number of edits, all made in one transaction. */
const MOST_IDS = 10_000;

export interface Curation {
  rate: (id: number, rating: number | null) => Promise<void>;
  rateAll: (ids: readonly number[], rating: number | null) => Promise<void>;
  hide: (ids: readonly number[], hidden?: boolean) => Promise<void>;
  tag: (ids: readonly number[], name: string) => Promise<void>;
  untag: (ids: readonly number[], name: string) => Promise<void>;
  /** `leaving`: the list shows the album, so that what is taken out of it goes. */
  inAlbum: (
    album: Pick<Album, "id" | "name">,
    ids: readonly number[],
    inside: boolean,
    leaving?: boolean,
  ) => Promise<void>;
}

/** `results` is the list that shows the photos, and has to show the change. */
export function useCuration(results: Results | null): Curation {
  const queries = useQueryClient();
  return useMemo(() => {
    const changed = (...names: string[]) => {
      for (const name of ["facets", ...names]) void queries.invalidateQueries({ queryKey: [name] });
    };

    const rate = async (id: number, rating: number | null) => {
      const before = results?.at(results.placeOf(id))?.image.rating ?? null;
      results?.patch(id, { rating });
      try {
        const detail = await answered(
          client.PATCH("/api/v1/images/{image_id}", { params: { path: { image_id: id } }, body: { rating } }),
        );
        queries.setQueryData(["image", id], detail);
        results?.patch(id, { rating: detail.rating });
        changed();
      } catch (error) {
        results?.patch(id, { rating: before });
        toastError(error);
      }
    };

    /** Changes photos, and offers to take it back; `shown` brings the list up to date, also after undoing. */
    const edit = async (
      ids: readonly number[],
      change: Omit<Edit, "ids">,
      said: string | null,
      shown?: (undone: boolean) => void,
    ) => {
      const send = async (edits: Edit[], undone: boolean) => {
        const done = await answered(client.POST("/api/v1/images/edits", { body: { edits } }));
        shown?.(undone);
        changed("albums", "image");
        return done.undo;
      };
      try {
        const undo = await send(inParts(ids, change), false);
        if (said === null) return;
        if (undo.length === 0) toast(said);
        else toast(said, () => void send(undo, true).catch(toastError));
      } catch (error) {
        shown?.(true);
        toastError(error);
      }
    };

    const rateAll = (ids: readonly number[], rating: number | null) =>
      edit(ids, { rating }, s.curation.rated(ids.length, rating), () => forgetResults());

    const hide = (ids: readonly number[], hidden = true) => {
      // Either way they leave the list that is shown, at once; undoing brings them back to it.
      results?.remove(ids);
      const said = hidden ? s.curation.hidden(ids.length) : s.curation.unhidden(ids.length);
      return edit(ids, { hidden }, said, (undone) => results?.remove(ids, !undone));
    };

    const tag = (ids: readonly number[], name: string) =>
      edit(ids, { add_tags: [name] }, ids.length > 1 ? s.curation.tagged(ids.length, name) : null);

    const untag = (ids: readonly number[], name: string) =>
      edit(ids, { remove_tags: [name] }, s.curation.untagged(ids.length, name));

    const inAlbum: Curation["inAlbum"] = (album, ids, inside, leaving = false) =>
      edit(
        ids,
        inside ? { add_to: [album.id] } : { remove_from: [album.id] },
        inside ? s.curation.added(ids.length, album.name) : s.curation.removed(ids.length, album.name),
        (undone) => {
          if (leaving) results?.remove(ids, inside === undone);
          forgetResults();
        },
      );

    return { rate, rateAll, hide, tag, untag, inAlbum };
  }, [queries, results]);
}

/** The edits of one change: each names a bounded number of photos. */
function inParts(ids: readonly number[], change: Omit<Edit, "ids">): Edit[] {
  const parts: Edit[] = [];
  for (let start = 0; start < ids.length; start += MOST_IDS)
    parts.push({ ...change, ids: ids.slice(start, start + MOST_IDS) });
  return parts;
}
