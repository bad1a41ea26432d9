/** Who is logged in, and what they may do. Where no login is asked for, everybody may do everything. */
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { Who } from "@/api/types";
import { forgetResults } from "@/state/results";
import { toastError } from "@/state/toasts";

export type Scope = Who["scopes"][number];

const KEY = ["session"];

export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => answered(client.GET("/api/v1/session")),
    staleTime: Infinity,
  });
}

/** Whether to show what changes something. Until the server has said, and where it does not answer: yes, it decides. */
export function useMay(scope: Scope): boolean {
  const { data } = useSession();
  return data?.scopes.includes(scope) ?? true;
}

/** Nothing of what one person was shown stays for the next. */
function enter(queries: QueryClient, who: Who): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
  forgetResults();
  queries.setQueryData(KEY, who);
}

/** When the server no longer knows the session: ask for a login, and come back to the same address afterwards. */
export function sessionEnded(queries: QueryClient): void {
  const who = queries.getQueryData<Who>(KEY);
  if (who?.user) enter(queries, { ...who, user: null, scopes: [] });
  else if (who?.login_required !== true) void queries.invalidateQueries({ queryKey: KEY });
}

/** When the library was locked by somebody else: nothing of it stays on the page. */
export function libraryLocked(queries: QueryClient): void {
  const who = queries.getQueryData<Who>(KEY);
  if (who && !who.locked) enter(queries, { ...who, locked: true });
}

/** Opens and closes the library; who is logged in stays. */
function useTurning<Given>(turn: (given: Given) => Promise<{ locked: boolean }>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: turn,
    onSuccess: ({ locked }) => {
      const who = queries.getQueryData<Who>(KEY);
      if (who) enter(queries, { ...who, locked });
    },
  });
}

export const useUnlock = () =>
  useTurning((passphrase: string) => answered(client.POST("/api/v1/unlock", { body: { passphrase } })));

export const useLock = () => useTurning<undefined>(() => answered(client.POST("/api/v1/lock")));

export function useLogin() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; password: string }) => answered(client.POST("/api/v1/session", { body })),
    onSuccess: (who) => enter(queries, who),
  });
}

export function useLogout() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(client.DELETE("/api/v1/session")),
    onSuccess: (who) => enter(queries, who),
    onError: toastError,
  });
}
