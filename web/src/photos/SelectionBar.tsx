import { X } from "lucide-react";

import { IconButton } from "@/components/Button";
import type { Results } from "@/state/results";
import type { Selection } from "@/state/selection";
import { s } from "@/strings";

/** What can be done with the selected photos. */
export function SelectionBar({ selection }: { results: Results; selection: Selection }) {
  return (
    <div
      role="toolbar"
      aria-label={s.selection.label}
      className="fixed inset-x-3 bottom-20 z-30 mx-auto flex max-w-xl animate-rise items-center gap-1 rounded-2xl border border-line bg-raised p-1.5 shadow-float md:bottom-6"
    >
      <IconButton icon={X} label={s.selection.clear} onClick={selection.clear} />
      <span className="mr-auto font-medium" aria-live="polite">
        {s.selection.count(selection.ids.size)}
      </span>
    </div>
  );
}
