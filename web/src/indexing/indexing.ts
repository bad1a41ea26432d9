/** What is indexed, asked for and changed; a running job is followed by its events. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { nearest } from "./nearest";
import { answered, client } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Job } from "@/api/types";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const KEY = "index";
/** Another program may begin a run at any time. */
const LOOK_MS = 10_000;
const LOOK_WHILE_RUNNING_MS = 2_000;

export function useIndexStatus() {
  return useQuery({
    queryKey: [KEY, "status"],
    queryFn: () => answered(client.GET("/api/v1/index/status")),
    refetchInterval: ({ state }) => (state.data?.job?.state === "running" ? LOOK_WHILE_RUNNING_MS : LOOK_MS),
  });
}

export function useRoots() {
  return useQuery({ queryKey: [KEY, "roots"], queryFn: () => answered(client.GET("/api/v1/index/roots")) });
}

export function useFolder(path: string | null) {
  return useQuery({
    queryKey: ["folders", path],
    queryFn: () => answered(client.GET("/api/v1/folders", { params: { query: path === null ? {} : { path } } })),
    staleTime: 0,
    placeholderData: (before) => before,
  });
}

export function useFileErrors() {
  return useInfiniteQuery({
    queryKey: [KEY, "errors"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answered(
        client.GET("/api/v1/index/errors", {
          params: { query: { limit: 50, ...(pageParam !== null && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function useExclusions() {
  return useQuery({ queryKey: [KEY, "exclusions"], queryFn: () => answered(client.GET("/api/v1/index/exclusions")) });
}

export function useSaveExclusions() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (patterns: string[]) => answered(client.PUT("/api/v1/index/exclusions", { body: { patterns } })),
    onSuccess: (saved) => {
      queries.setQueryData([KEY, "exclusions"], saved);
      toast(s.indexing.exclusions.saved);
    },
    onError: toastError,
  });
}

export function useRemoveRoot() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (path: string) => answered(client.DELETE("/api/v1/index/roots", { params: { query: { path } } })),
    onSuccess: ({ forgotten }) => {
      toast(s.indexing.remove.done(forgotten));
      forgetResults();
      return queries.invalidateQueries();
    },
  });
}

/** Erases the traces of a folder: a job, of which is said how it ended. */
export function useErase() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (path: string) => {
      const begun = await answered(client.POST("/api/v1/index/erase", { body: { path, confirm: path } }));
      toast(s.indexing.erase.running);
      return ended(begun);
    },
    onSuccess: ({ state, done, detail }) => {
      const left = detail["left"];
      if (state !== "done") toast(s.indexing.erase.failed);
      else toast(s.indexing.erase.done(done));
      if (Array.isArray(left) && left.length > 0) toast(s.indexing.erase.left(left.join(", ")));
      forgetResults();
      return queries.invalidateQueries();
    },
    onError: toastError,
  });
}

/** The job once it has ended. */
async function ended(job: Job): Promise<Job> {
  let seen = job;
  while (seen.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, 500));
    seen = await answered(client.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } }));
  }
  return seen;
}

/** The latest run as its events tell it, `latest` until the first one has come and once it knows of the end. */
export function useFollowed(latest: Job | null): Job | null {
  const queries = useQueryClient();
  const [heard, setHeard] = useState<Job | null>(null);
  const running = latest?.state === "running" ? latest.id : null;
  useEffect(() => {
    if (running === null) return;
    const events = new EventSource(`/api/v1/jobs/${running}/events`);
    const hear = (event: MessageEvent) => setHeard(JSON.parse(event.data as string) as Job);
    events.addEventListener("progress", hear);
    events.addEventListener("end", (event) => {
      hear(event);
      events.close(); // or the browser would ask again
      void queries.invalidateQueries({ queryKey: [KEY, "status"] });
    });
    return () => events.close();
  }, [running, queries]);
  const followed = useRef<number | null>(null);
  useEffect(() => {
    if (followed.current !== null && followed.current !== running) {
      forgetResults();
      void queries.invalidateQueries();
    }
    followed.current = running;
  }, [running, queries]);
  return nearest(latest, heard);
}

/** Starts, pauses and resumes runs. Folders that are added during a run are read after it. */
export function useRuns(job: Job | null) {
  const queries = useQueryClient();
  const [waiting, setWaiting] = useState<readonly string[]>([]);
  const running = job?.state === "running";

  const begun = useCallback(() => queries.invalidateQueries({ queryKey: [KEY] }), [queries]);
  const scan = useCallback(
    async (paths: readonly string[]) => {
      try {
        await answered(client.POST("/api/v1/index/scan", { body: { paths: [...paths] } }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 409 && paths.length > 0)
          setWaiting((before) => [...before, ...paths]);
        else toastError(error);
      }
      await begun();
    },
    [begun],
  );
  useEffect(() => {
    if (running || waiting.length === 0) return;
    const timer = setTimeout(() => {
      setWaiting([]);
      void scan(waiting);
    }, 500); // the run that has just ended lets its lock go
    return () => clearTimeout(timer);
  }, [running, waiting, scan]);

  const act = (call: Promise<unknown>) => void call.then(begun, toastError);
  return {
    waiting: waiting.length,
    scan: (paths: readonly string[] = []) => void scan(paths),
    pause: (id: number) =>
      act(answered(client.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }))),
    resume: (id: number) =>
      act(answered(client.POST("/api/v1/jobs/{job_id}/resume", { params: { path: { job_id: id } } }))),
    retry: () => act(answered(client.POST("/api/v1/index/errors/retry"))),
    add: async (path: string, recursive: boolean) => {
      await answered(client.POST("/api/v1/index/roots", { body: { path, recursive } }));
      toast(s.indexing.folders.added(path));
      await begun();
      await scan([path]);
    },
  };
}

export type Runs = ReturnType<typeof useRuns>;
