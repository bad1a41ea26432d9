import { Check, CircleCheck } from "lucide-react";
import type { ReactNode } from "react";

import type { Face } from "@/api/types";
import { s } from "@/strings";
import { Portrait } from "./Portrait";

const t = s.peoplePages;

interface FaceGridProps {
  faces: readonly Face[];
  chosen: ReadonlySet<number>;
  onChoose: (chosen: ReadonlySet<number>) => void;
  /** While none is chosen. */
  hint: string;
  /** While some are. */
  actions: ReactNode;
  /** Dialogs. */
  children?: ReactNode;
}

/** Faces to select, and what may be done with those selected. */
export function FaceGrid({ faces, chosen, onChoose, hint, actions, children }: FaceGridProps) {
  const count = faces.filter((face) => chosen.has(face.id)).length;
  const toggle = (face: number) => {
    const next = new Set(chosen);
    if (!next.delete(face)) next.add(face);
    onChoose(next);
  };
  return (
    <div className="p-4 md:p-6">
      <div className="mb-4 flex min-h-9 flex-wrap items-center gap-2 text-sm text-ink-soft">
        {count === 0 ? (
          hint
        ) : (
          <>
            <span className="mr-2 font-medium text-ink">{t.selected(count)}</span>
            {actions}
          </>
        )}
      </div>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(5.5rem,1fr))] gap-3">
        {faces.map((face, number) => (
          <li key={face.id}>
            <button
              type="button"
              aria-label={t.face(number + 1)}
              aria-pressed={chosen.has(face.id)}
              onClick={() => toggle(face.id)}
              className="relative block w-full rounded-full aria-pressed:ring-4 aria-pressed:ring-accent"
            >
              <Portrait url={face.thumbnail_url} className="aspect-square w-full" />
              {chosen.has(face.id) ? (
                <Check size={22} className="absolute top-0 right-0 rounded-full bg-accent-strong p-1 text-white" />
              ) : (
                face.verified && (
                  <CircleCheck
                    size={22}
                    aria-label={t.verified}
                    className="absolute right-0 bottom-0 rounded-full bg-raised text-good"
                  />
                )
              )}
            </button>
          </li>
        ))}
      </ul>
      {children}
    </div>
  );
}
