/** Tags of the whole library: asked for as a tree, moved, merged, deleted. */
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import { forgetResults } from "@/state/results";

const KEY = ["tags"];

export function useTags() {
  return useQuery({ queryKey: KEY, queryFn: () => answered(client.GET("/api/v1/tags")) });
}

/** Moves a tag, or takes it off every photo; both answer on how many photos. */
export function useTagChanges() {
  const queries = useQueryClient();
  const changed = async () => {
    forgetResults();
    await queries.invalidateQueries();
  };
  const at = (name: string) => ({ params: { path: { name } } });
  return {
    move: async (name: string, to: string) => {
      const { images } = await answered(client.PATCH("/api/v1/tags/{name}", { ...at(name), body: { name: to } }));
      await changed();
      return images;
    },
    remove: async (name: string) => {
      const { images } = await answered(client.DELETE("/api/v1/tags/{name}", at(name)));
      await changed();
      return images;
    },
  };
}
