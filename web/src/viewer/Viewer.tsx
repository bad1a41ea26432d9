import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { useEffect } from "react";

import { IconButton } from "@/components/Button";
import type { Results } from "@/state/results";
import { s } from "@/strings";

interface ViewerProps {
  id: number;
  place: number | null;
  results: Results;
  onShow: (place: number) => void;
  onClose: () => void;
}

export function Viewer({ id, place, results, onShow, onClose }: ViewerProps) {
  const hit = place === null ? undefined : results.at(place);
  const before = place === null ? null : results.neighbour(place, -1);
  const after = place === null ? null : results.neighbour(place, 1);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
      if (event.key === "ArrowLeft" && before !== null) onShow(before);
      if (event.key === "ArrowRight" && after !== null) onShow(after);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [before, after, onShow, onClose]);
  return (
    <div
      role="dialog"
      aria-modal="true"
      aria-label={hit?.image.name ?? s.viewer.label}
      className="fixed inset-0 z-40 flex items-center justify-center bg-black text-white"
    >
      <img src={`/api/v1/images/${id}/preview`} alt={hit?.image.name ?? ""} className="max-h-full max-w-full" />
      <IconButton icon={X} label={s.common.close} onClick={onClose} className="absolute top-3 right-3 text-white" />
      {before !== null && (
        <IconButton
          icon={ChevronLeft}
          label={s.viewer.previous}
          onClick={() => onShow(before)}
          className="absolute left-3 text-white"
        />
      )}
      {after !== null && (
        <IconButton
          icon={ChevronRight}
          label={s.viewer.next}
          onClick={() => onShow(after)}
          className="absolute right-3 text-white"
        />
      )}
    </div>
  );
}
