/** Users, sessions and tokens: asked for and changed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import type { Role } from "@/api/types";
import { toast, toastError } from "@/state/toasts";
import type { Scope } from "./session";

const KEY = "access";

export const useUsers = () =>
  useQuery({ queryKey: [KEY, "users"], queryFn: () => answered(client.GET("/api/v1/users")) });

export const useSessions = () =>
  useQuery({ queryKey: [KEY, "sessions"], queryFn: () => answered(client.GET("/api/v1/sessions")) });

export const useTokens = () =>
  useQuery({ queryKey: [KEY, "tokens"], queryFn: () => answered(client.GET("/api/v1/tokens")) });

/** One way to change all of it: what is shown is asked for anew, and a refusal is said. */
export function useAccessChange() {
  const queries = useQueryClient();
  const changed = () => queries.invalidateQueries({ queryKey: [KEY] });
  const { mutate, isPending } = useMutation({
    mutationFn: ({ act }: { act: () => Promise<unknown>; done: string }) => act(),
    onSuccess: (_, { done }) => {
      toast(done);
      return changed();
    },
    onError: toastError,
  });
  return { busy: isPending, changed, run: (act: () => Promise<unknown>, done: string) => mutate({ act, done }) };
}

export const addUser = (name: string, password: string, role: Role) =>
  answered(client.POST("/api/v1/users", { body: { name, password, role } }));

export const setRole = (user_id: number, role: Role) =>
  answered(client.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id } }, body: { role } }));

export const removeUser = (user_id: number) =>
  answered(client.DELETE("/api/v1/users/{user_id}", { params: { path: { user_id } } }));

export const changePassword = (current: string, next: string) =>
  answered(client.PUT("/api/v1/session/password", { body: { current, new: next } }));

export const endSession = (session_id: number) =>
  answered(client.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id } } }));

export const addToken = (name: string, scopes: Scope[], days: number | null) =>
  answered(client.POST("/api/v1/tokens", { body: { name, scopes, days } }));

export const revokeToken = (token_id: number) =>
  answered(client.DELETE("/api/v1/tokens/{token_id}", { params: { path: { token_id } } }));
