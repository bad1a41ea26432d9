import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { RuntimeSettings, SettingsChange } from "@/api/types";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const KEY = ["settings"];

export function useSettings() {
  return useQuery({ queryKey: KEY, queryFn: () => answered(client.GET("/api/v1/settings")) });
}

/** Changes settings one by one, as they are touched. */
export function useChangeSettings() {
  const queries = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: (change: Partial<SettingsChange>) => answered(client.PATCH("/api/v1/settings", { body: change })),
    // A switch moves when it is touched, not when the server has answered.
    onMutate: (change) =>
      queries.setQueryData<RuntimeSettings>(
        KEY,
        (before) =>
          before &&
          ({
            discovery: { ...before.discovery, ...change.discovery },
            media: { ...before.media, ...change.media },
            tags: { ...before.tags, ...change.tags },
            search: { ...before.search, ...change.search },
          } as RuntimeSettings),
      ),
    onSuccess: (now) => {
      queries.setQueryData(KEY, now);
      toast(s.settings.saved);
    },
    onError: (error) => {
      toastError(error);
      return queries.invalidateQueries({ queryKey: KEY });
    },
  });
  return mutate;
}

export function useForgetRecent() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(client.DELETE("/api/v1/suggestions/recent")),
    onSuccess: () => {
      toast(s.settings.search.forgotten);
      return queries.invalidateQueries({ queryKey: ["suggestions"] });
    },
    onError: toastError,
  });
}
