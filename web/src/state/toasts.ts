/** Short messages at the edge of the page, with a way to undo where there is one. */
import { useSyncExternalStore } from "react";

import { messageOf } from "@/api/errors";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "danger";
  undo: (() => void) | undefined;
}

const SHOWN_MS = 8000;
let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(now: readonly Toast[]): void {
  toasts = now;
  for (const listener of listeners) listener();
}

function show(text: string, tone: Toast["tone"], undo?: () => void): void {
  const id = next++;
  change([...toasts.slice(-2), { id, text, tone, undo }]);
  setTimeout(() => dismissToast(id), SHOWN_MS);
}

export function toast(text: string, undo?: () => void): void {
  show(text, "plain", undo);
}

export function toastError(error: unknown): void {
  show(messageOf(error), "danger");
}

export function dismissToast(id: number): void {
  change(toasts.filter((shown) => shown.id !== id));
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
