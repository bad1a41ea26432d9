/** People: asked for and changed. Every change can be taken back. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, client } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Person, PersonChange, ReviewQuestion } from "@/api/types";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const KEY = "people";
const t = s.peoplePages;

export const nameOf = (person: Pick<Person, "name">) => person.name ?? t.someone;

export function useConsent() {
  return useQuery({
    queryKey: [KEY, "consent"],
    queryFn: () => answered(client.GET("/api/v1/faces/consent")),
  });
}

export function usePersons(hidden = false, enabled = true) {
  return useQuery({
    queryKey: [KEY, "persons", hidden],
    queryFn: () => answered(client.GET("/api/v1/persons", { params: { query: { limit: 1000, hidden } } })),
    enabled,
  });
}

export function usePerson(id: number) {
  return useQuery({
    queryKey: [KEY, "person", id],
    queryFn: () => answered(client.GET("/api/v1/persons/{person_id}", { params: { path: { person_id: id } } })),
  });
}

export function useFacesOf(id: number) {
  return useQuery({
    queryKey: [KEY, "faces", id],
    queryFn: () => answered(client.GET("/api/v1/persons/{person_id}/faces", { params: { path: { person_id: id } } })),
  });
}

export function useQuestions(enabled = true) {
  return useQuery({
    queryKey: [KEY, "review"],
    queryFn: () => answered(client.GET("/api/v1/faces/review", { params: { query: { limit: 100 } } })),
    enabled,
  });
}

export function useUnknown() {
  return useQuery({
    queryKey: [KEY, "unknown"],
    queryFn: () => answered(client.GET("/api/v1/faces/unknown", { params: { query: { limit: 1000 } } })),
  });
}

export function useEvents() {
  return useQuery({
    queryKey: [KEY, "events"],
    queryFn: () => answered(client.GET("/api/v1/persons/events", { params: { query: { limit: 200 } } })),
  });
}

/** Runs a change, shows its failure, and has everything about people asked anew. */
export function usePeopleChange() {
  const queries = useQueryClient();
  const changed = () => {
    forgetResults();
    void queries.invalidateQueries({ queryKey: ["facets"] });
    void queries.invalidateQueries({ queryKey: ["faces"] });
    void queries.invalidateQueries({ queryKey: ["timeline"] });
    return queries.invalidateQueries({ queryKey: [KEY] });
  };
  const undo = () => {
    change.undo().then(() => {
      toast(t.undone);
      return changed();
    }, toastError);
  };
  const { mutateAsync, isPending } = useMutation({ mutationFn: (change: () => Promise<unknown>) => change() });
  /** Whether it worked; says so with a way back where there is a `message`. */
  const run = async (change: () => Promise<unknown>, message?: string): Promise<boolean> => {
    try {
      await mutateAsync(change);
    } catch (error) {
      toastError(error);
      return false;
    }
    if (message) toast(message, undo);
    await changed();
    return true;
  };
  return { run, undo, changed, busy: isPending };
}

const person = (id: number) => ({ path: { person_id: id } });

export const change = {
  consent: (enabled: boolean) => answered(client.PUT("/api/v1/faces/consent", { body: { enabled } })),
  scan: () => answered(client.POST("/api/v1/faces/scan")),
  /** The last change is taken back, or the last few. */
  undo: async (steps = 1) => {
    for (let step = 0; step < steps; step++) await answered(client.POST("/api/v1/persons/undo"));
  },
  /** Everybody, or one person, for good. */
  erase: (id?: number) =>
    id === undefined
      ? answered(client.DELETE("/api/v1/faces"))
      : answered(client.DELETE("/api/v1/persons/{person_id}", { params: { ...person(id), query: { erase: true } } })),
  create: (name: string, faces: number[]) => answered(client.POST("/api/v1/persons", { body: { name, faces } })),
  person: (id: number, body: PersonChange) =>
    answered(client.PATCH("/api/v1/persons/{person_id}", { params: person(id), body })),
  merge: (id: number, others: number[]) =>
    answered(client.POST("/api/v1/persons/{person_id}/merge", { params: person(id), body: { others } })),
  split: (id: number, faces: number[], name: string) =>
    answered(
      client.POST("/api/v1/persons/{person_id}/split", { params: person(id), body: { faces, ...(name && { name }) } }),
    ),
  verify: (id: number, faces: number[], right: boolean) =>
    answered(client.POST("/api/v1/persons/{person_id}/verify", { params: person(id), body: { faces, right } })),
  ungroup: (id: number) => answered(client.DELETE("/api/v1/persons/{person_id}", { params: person(id) })),
  ignore: (faces: number[]) => answered(client.POST("/api/v1/faces/ignore", { body: { faces, ignored: true } })),
};

/** The answer "yes" to "is this Anna?". */
export async function confirm({ person_id, group_id, face_ids }: ReviewQuestion): Promise<void> {
  if (person_id === null) return;
  if (group_id !== null) await change.merge(person_id, [group_id]);
  else await change.verify(person_id, face_ids, true);
}

/** The answer to "who is this?": a new name, or that of somebody who is known. */
export async function tell(question: ReviewQuestion, name: string, known: readonly Person[]): Promise<void> {
  const { group_id: group, face_ids } = question;
  const same = named(name, known);
  if (group === null) await nameFaces(face_ids, name, known);
  else if (same) await change.merge(same.id, [group]);
  else await change.person(group, { name });
}

/** Say whose faces these are: somebody new, or somebody who is known. */
export async function nameFaces(faces: number[], name: string, known: readonly Person[]): Promise<void> {
  const same = named(name, known);
  if (same) await change.verify(same.id, faces, true);
  else await change.create(name, faces);
}

function named(name: string, known: readonly Person[]): Person | undefined {
  return known.find((one) => one.name?.toLocaleLowerCase() === name.toLocaleLowerCase());
}

/** Give a person a name; if somebody has it already, they are the same. */
export async function rename(id: number, name: string, known: readonly Person[]): Promise<number> {
  try {
    await change.person(id, { name });
    return id;
  } catch (error) {
    const same = named(name, known);
    if (!(error instanceof ApiError) || error.status !== 409 || !same || same.id === id) throw error;
    await change.merge(same.id, [id]);
    return same.id;
  }
}
