/** Duplicates: asked for, kept apart, moved to the trash. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { components } from "@/api/schema";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

export type DuplicatesGroup = components["schemas"]["DuplicatesGroup"];
export type Kind = DuplicatesGroup["kind"];
export const KINDS: readonly Kind[] = ["exact", "near", "burst"];

const KEY = ["duplicates"];
const PAGE = 30;

export function useDuplicates(kind: Kind | null) {
  return useInfiniteQuery({
    queryKey: [...KEY, kind],
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      answered(
        client.GET("/api/v1/duplicates", {
          params: { query: { skip: pageParam, limit: PAGE, ...(kind && { kind: [kind] }) } },
        }),
      ),
    getNextPageParam: (last, pages) => (pages.length * PAGE < last.total ? pages.length * PAGE : undefined),
  });
}

/** "These are no duplicates", which can be taken back. */
export function useKeepApart() {
  const queries = useQueryClient();
  const say = (ids: number[], distinct: boolean) =>
    answered(client.POST("/api/v1/duplicates/distinct", { body: { ids, distinct } }));
  const renew = () => queries.invalidateQueries({ queryKey: KEY });
  return useMutation({
    mutationFn: (ids: number[]) => say(ids, true),
    onSuccess: (_, ids) => {
      toast(s.duplicates.keptApart, () => void say(ids, false).then(renew, toastError));
      return renew();
    },
    onError: toastError,
  });
}

export const planTrash = (ids: number[]) => answered(client.POST("/api/v1/duplicates/trash/plan", { body: { ids } }));

export function useTrash() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { ids: number[]; token: string }) => answered(client.POST("/api/v1/duplicates/trash", { body })),
    onSuccess: () => {
      forgetResults();
      return queries.invalidateQueries();
    },
    onError: toastError,
  });
}
