/** Albums: asked for and changed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { Album, SearchBody } from "@/api/types";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const KEY = ["albums"];

export function useAlbums() {
  return useQuery({ queryKey: KEY, queryFn: () => answered(client.GET("/api/v1/albums")) });
}

export function useAlbum(id: number) {
  return useQuery({
    queryKey: [...KEY, id],
    queryFn: () => answered(client.GET("/api/v1/albums/{album_id}", { params: { path: { album_id: id } } })),
  });
}

export function useAddAlbum() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answered(client.POST("/api/v1/albums", { body: { name, images: [] } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useAddSmartAlbum() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; query: string }) =>
      answered(client.POST("/api/v1/albums", { body: { ...body, images: [] } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Another name or query for a smart album. */
export function useChangeSmartAlbum(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; query: string }) =>
      answered(client.PATCH("/api/v1/albums/{album_id}", { params: { path: { album_id: id } }, body })),
    onSuccess: () => {
      forgetResults();
      return queries.invalidateQueries({ queryKey: KEY });
    },
  });
}

export function useRenameAlbum(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answered(client.PATCH("/api/v1/albums/{album_id}", { params: { path: { album_id: id } }, body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** What is in an album, also what is hidden. */
async function idsIn(album: number): Promise<number[]> {
  const ids: number[] = [];
  for (const hidden of [false, true]) {
    const body: SearchBody = { filters: { album, hidden }, sort: "newest", top_k: 1000 };
    let page = await answered(client.POST("/api/v1/search", { body }));
    ids.push(...page.results.map((found) => found.image.id));
    while (page.next_cursor) {
      page = await answered(client.POST("/api/v1/search", { body: { cursor: page.next_cursor, top_k: 1000 } }));
      ids.push(...page.results.map((found) => found.image.id));
    }
  }
  return ids;
}

/** Deletes an album, with a way to make it again. */
export function useDeleteAlbum() {
  const queries = useQueryClient();
  const changed = () => {
    forgetResults();
    return queries.invalidateQueries({ queryKey: KEY });
  };
  return useMutation({
    mutationFn: async ({ id, query }: Album) => {
      const images = query === null ? await idsIn(id) : [];
      await answered(client.DELETE("/api/v1/albums/{album_id}", { params: { path: { album_id: id } } }));
      return images;
    },
    onSuccess: (images, { name, query }) => {
      toast(s.albumsPage.deleted(name), () => {
        answered(client.POST("/api/v1/albums", { body: { name, query, images } })).then(changed, toastError);
      });
      return changed();
    },
    onError: toastError,
  });
}
