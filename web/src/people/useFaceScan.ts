import { useQuery } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { Job } from "@/api/types";
import { useFollowed } from "@/indexing/indexing";

/** The latest look for faces, followed while it runs. */
export function useFaceScan(): { job: Job | null } {
  const { data } = useQuery({
    queryKey: ["people", "jobs"],
    queryFn: () => answered(client.GET("/api/v1/jobs", { params: { query: { limit: 20 } } })),
    refetchInterval: 5_000,
  });
  return { job: useFollowed(data?.jobs.find((job) => job.kind === "faces") ?? null) };
}
