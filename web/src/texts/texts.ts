/** Text in pictures: how much is read, reading the rest, erasing. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import { useFollowed } from "@/indexing/indexing";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const KEY = ["texts"];

export function useTextStatus() {
  return useQuery({ queryKey: KEY, queryFn: () => answered(client.GET("/api/v1/text")) });
}

/** The latest run, followed while it goes on. Another program may begin one. */
export function useTextRun() {
  const { data } = useQuery({
    queryKey: [...KEY, "jobs"],
    queryFn: () => answered(client.GET("/api/v1/jobs", { params: { query: { limit: 20 } } })),
    refetchInterval: 5_000,
  });
  return useFollowed(data?.jobs.find((job) => job.kind === "text") ?? null);
}

export function useTextChanges() {
  const queries = useQueryClient();
  const changed = () => {
    forgetResults();
    return Promise.all([
      queries.invalidateQueries({ queryKey: KEY }),
      queries.invalidateQueries({ queryKey: ["facets"] }),
    ]);
  };
  const run = useMutation({
    mutationFn: () => answered(client.POST("/api/v1/text/run")),
    onSuccess: changed,
    onError: toastError,
  });
  const stop = useMutation({
    mutationFn: (id: number) =>
      answered(client.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: id } } })),
    onError: toastError,
  });
  const erase = async () => {
    await answered(client.DELETE("/api/v1/text"));
    toast(s.texts.erased);
    await changed();
  };
  return { run, stop, erase };
}
