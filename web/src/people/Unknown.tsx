import { CircleCheck } from "lucide-react";
import { useState } from "react";

import { change, nameFaces, usePeopleChange, usePersons, useUnknown } from "./people";
import { FaceGrid } from "./FaceGrid";
import { NameDialog } from "@/albums/NameDialog";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { s } from "@/strings";

const t = s.peoplePages;

/** Faces that are nobody's: to name, or to leave out as strangers. */
export function Unknown() {
  const { data } = useUnknown();
  const known = usePersons().data?.persons ?? [];
  const { run, changed } = usePeopleChange();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [naming, setNaming] = useState(false);
  if (!data) return null;
  const ids = data.faces.map((face) => face.id).filter((face) => chosen.has(face));
  if (data.faces.length === 0) return <EmptyState icon={CircleCheck} title={t.unknown.none} />;
  return (
    <FaceGrid
      faces={data.faces}
      chosen={chosen}
      onChoose={setChosen}
      hint={t.unknown.hint}
      actions={
        <>
          <Button look="primary" onClick={() => setNaming(true)}>
            {t.unknown.name}
          </Button>
          <Button
            onClick={() => {
              setChosen(new Set());
              void run(() => change.ignore(ids), t.unknown.ignored(ids.length));
            }}
          >
            {t.unknown.stranger(ids.length)}
          </Button>
        </>
      }
    >
      {naming && (
        <NameDialog
          title={t.splitTitle(ids.length)}
          label={t.rename}
          placeholder={t.namePlaceholder}
          action={s.common.save}
          suggestions={known.flatMap((one) => one.name ?? [])}
          onName={async (given) => {
            await nameFaces(ids, given, known);
            setChosen(new Set());
            await changed();
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </FaceGrid>
  );
}
