/** What a person says of photos: rating, tags, albums, hiding. Everything can be undone. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import { answered, client } from "@/api/client";
import type { Album, ImageDetail } from "@/api/types";
import { forgetResults, type Results } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

/** Changes sent at a time: each is a request of its own. */
const AT_ONCE = 6;

export interface Curation {
  rate: (id: number, rating: number | null) => Promise<void>;
  hide: (ids: readonly number[], hidden?: boolean) => Promise<void>;
  tag: (ids: readonly number[], name: string) => Promise<void>;
  untag: (id: number, tag: ImageDetail["tags"][number]) => Promise<void>;
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
    const keep = (detail: ImageDetail) => queries.setQueryData(["image", detail.id], detail);
    const at = (id: number) => ({ params: { path: { image_id: id } } });

    const rate = async (id: number, rating: number | null) => {
      const before = results?.at(results.placeOf(id))?.image.rating ?? null;
      results?.patch(id, { rating });
      try {
        const detail = await answered(client.PATCH("/api/v1/images/{image_id}", { ...at(id), body: { rating } }));
        keep(detail);
        results?.patch(id, { rating: detail.rating });
        changed();
      } catch (error) {
        results?.patch(id, { rating: before });
        toastError(error);
      }
    };

    const hide = async (ids: readonly number[], hidden = true) => {
      // Either way they leave the list that is shown; undoing brings them back to it.
      const set = async (hidden: boolean, undone = false) => {
        results?.remove(ids, !undone);
        await each(ids, async (id) =>
          keep(await answered(client.PATCH("/api/v1/images/{image_id}", { ...at(id), body: { hidden } }))),
        );
        changed("albums");
      };
      try {
        await set(hidden);
        toast(
          hidden ? s.curation.hidden(ids.length) : s.curation.unhidden(ids.length),
          () => void set(!hidden, true).catch(toastError),
        );
      } catch (error) {
        results?.remove(ids, false);
        toastError(error);
      }
    };

    const tag = async (ids: readonly number[], name: string) => {
      const add = (id: number) =>
        answered(client.POST("/api/v1/images/{image_id}/tags", { ...at(id), body: { tags: [name] } }));
      const remove = (id: number) =>
        answered(client.DELETE("/api/v1/images/{image_id}/tags/{name}", { params: { path: { image_id: id, name } } }));
      try {
        await each(ids, async (id) => keep(await add(id)));
        changed();
        if (ids.length > 1)
          toast(
            s.curation.tagged(ids.length, name),
            () => void each(ids, async (id) => keep(await remove(id))).then(() => changed(), toastError),
          );
      } catch (error) {
        toastError(error);
      }
    };

    const untag = async (id: number, { name }: ImageDetail["tags"][number]) => {
      try {
        keep(
          await answered(
            client.DELETE("/api/v1/images/{image_id}/tags/{name}", { params: { path: { image_id: id, name } } }),
          ),
        );
        changed();
        toast(s.curation.untagged(name), () => void tag([id], name));
      } catch (error) {
        toastError(error);
      }
    };

    const inAlbum: Curation["inAlbum"] = async (album, ids, inside, leaving = false) => {
      const put = async (inside: boolean) => {
        await answered(
          client.PATCH("/api/v1/albums/{album_id}", {
            params: { path: { album_id: album.id } },
            body: inside ? { add: [...ids] } : { remove: [...ids] },
          }),
        );
        if (leaving) results?.remove(ids, !inside);
        forgetResults();
        changed("albums", "image");
      };
      try {
        await put(inside);
        toast(
          inside ? s.curation.added(ids.length, album.name) : s.curation.removed(ids.length, album.name),
          () => void put(!inside).catch(toastError),
        );
      } catch (error) {
        toastError(error);
      }
    };

    return { rate, hide, tag, untag, inAlbum };
  }, [queries, results]);
}

/** Do something for each, a few at a time; the first failure ends it. */
async function each(ids: readonly number[], action: (id: number) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < ids.length; start += AT_ONCE)
    await Promise.all(ids.slice(start, start + AT_ONCE).map(action));
}
