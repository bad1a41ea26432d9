/** What a person sets once and finds again: kept by the browser, not in the address. */
import { useCallback, useState } from "react";

export function usePreference<T extends string | number | boolean>(name: string, usual: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => read(name, usual));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(name, JSON.stringify(next));
      } catch {
        // Storage is forbidden: it lasts until the page is closed.
      }
    },
    [name],
  );
  return [value, set];
}

function read<T>(name: string, usual: T): T {
  try {
    const text = localStorage.getItem(name);
    const value: unknown = text === null ? usual : JSON.parse(text);
    return typeof value === typeof usual ? (value as T) : usual;
  } catch {
    return usual;
  }
}
