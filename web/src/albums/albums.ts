/** Albums: asked for and changed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { Album } from "@/api/types";
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

/** Deletes an album, with a way to make it again. */
export function useDeleteAlbum() {
  const queries = useQueryClient();
  const changed = () => {
    forgetResults();
    return queries.invalidateQueries({ queryKey: KEY });
  };
  return useMutation({
    mutationFn: ({ id }: Album) =>
      answered(client.DELETE("/api/v1/albums/{album_id}", { params: { path: { album_id: id } } })),
    onSuccess: (gone, { id, name }) => {
      toast(s.albumsPage.deleted(name), () => {
        answered(client.PUT("/api/v1/albums/{album_id}", { params: { path: { album_id: id } }, body: gone })).then(
          changed,
          toastError,
        );
      });
      return changed();
    },
    onError: toastError,
  });
}
