import { useQuery } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import { facetsOf } from "@/api/facets";
import { s } from "@/strings";
import type { SearchState } from "./searchState";

/** All albums; asked once, kept by the cache. */
export function useAlbums(enabled = true) {
  return useQuery({
    queryKey: ["albums"],
    queryFn: () => answered(client.GET("/api/v1/albums")),
    enabled,
  });
}

/** Names for ids in the address. */
export function useNames(state: SearchState): { album: (id: number) => string; person: (id: number) => string } {
  const albums = useAlbums(state.album !== null);
  const people = useQuery({
    queryKey: ["facets", {}, null],
    queryFn: () => facetsOf({}, null),
    enabled: state.person.length > 0,
  });
  return {
    album: (id) => albums.data?.albums.find((album) => album.id === id)?.name ?? s.filters.album,
    person: (id) => people.data?.people.find((person) => person.value === id)?.name ?? s.filters.person,
  };
}
