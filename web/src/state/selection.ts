/** Which photos are selected: a set of ids, and the place a range begins at. */
import { useMemo, useState } from "react";

export interface Selection {
  readonly ids: ReadonlySet<number>;
  readonly active: boolean;
  /** Where Shift begins a range. */
  readonly anchor: number | null;
  set: (ids: Iterable<number>, anchor?: number | null) => void;
  toggle: (id: number, place: number) => void;
  add: (ids: Iterable<number>) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [state, setState] = useState<{ ids: ReadonlySet<number>; anchor: number | null }>({
    ids: new Set(),
    anchor: null,
  });
  return useMemo(
    () => ({
      ids: state.ids,
      active: state.ids.size > 0,
      anchor: state.anchor,
      set: (ids, anchor = null) => setState({ ids: new Set(ids), anchor }),
      toggle: (id, place) =>
        setState(({ ids }) => {
          const changed = new Set(ids);
          if (!changed.delete(id)) changed.add(id);
          return { ids: changed, anchor: place };
        }),
      add: (more) => setState(({ ids, anchor }) => ({ ids: new Set([...ids, ...more]), anchor })),
      clear: () => setState({ ids: new Set(), anchor: null }),
    }),
    [state],
  );
}
