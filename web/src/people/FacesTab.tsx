import { Check, CircleCheck } from "lucide-react";
import { useState } from "react";

import { NameDialog } from "@/albums/NameDialog";
import { Button } from "@/components/Button";
import { s } from "@/strings";
import { change, useFacesOf, usePeopleChange } from "./people";
import { Portrait } from "./Portrait";

const t = s.peoplePages;

/** The faces of a person: to confirm, or to say that they are somebody else. */
export function FacesTab({ id }: { id: number }) {
  const { data } = useFacesOf(id);
  const { run, changed } = usePeopleChange();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [splitting, setSplitting] = useState(false);
  const faces = data?.faces ?? [];
  const ids = faces.map((face) => face.id).filter((face) => chosen.has(face));
  const toggle = (face: number) => {
    const next = new Set(chosen);
    if (!next.delete(face)) next.add(face);
    setChosen(next);
  };
  return (
    <div className="p-4 md:p-6">
      <div className="mb-4 flex min-h-9 flex-wrap items-center gap-2 text-sm text-ink-soft">
        {ids.length === 0 ? (
          t.facesHint
        ) : (
          <>
            <span className="mr-2 font-medium text-ink">{t.selected(ids.length)}</span>
            <Button
              look="primary"
              onClick={() => {
                setChosen(new Set());
                void run(() => change.verify(id, ids, true), t.verified);
              }}
            >
              {t.right}
            </Button>
            <Button onClick={() => setSplitting(true)}>{t.split}</Button>
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
      {splitting && (
        <NameDialog
          title={t.splitTitle(ids.length)}
          label={t.rename}
          placeholder={t.splitHint}
          action={t.split}
          optional
          onName={async (name) => {
            await change.split(id, ids, name);
            setChosen(new Set());
            await changed();
          }}
          onClose={() => setSplitting(false)}
        />
      )}
    </div>
  );
}
