import { useState } from "react";

import { NameDialog } from "@/albums/NameDialog";
import { Button } from "@/components/Button";
import { s } from "@/strings";
import { FaceGrid } from "./FaceGrid";
import { change, useFacesOf, usePeopleChange } from "./people";

const t = s.peoplePages;

/** The faces of a person: to confirm, to say that they are somebody else, or to stand for the person. */
export function FacesTab({ id }: { id: number }) {
  const { data } = useFacesOf(id);
  const { run, changed } = usePeopleChange();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [splitting, setSplitting] = useState(false);
  const faces = data?.faces ?? [];
  const ids = faces.map((face) => face.id).filter((face) => chosen.has(face));
  const [cover] = ids;
  const done = (work: () => Promise<unknown>, message: string) => {
    setChosen(new Set());
    void run(work, message);
  };
  return (
    <FaceGrid
      faces={faces}
      chosen={chosen}
      onChoose={setChosen}
      hint={t.facesHint}
      actions={
        <>
          <Button look="primary" onClick={() => done(() => change.verify(id, ids, true), t.verified)}>
            {t.right}
          </Button>
          <Button onClick={() => setSplitting(true)}>{t.split}</Button>
          {ids.length === 1 && cover !== undefined && (
            <Button onClick={() => done(() => change.person(id, { cover_face: cover }), t.covered)}>{t.cover}</Button>
          )}
        </>
      }
    >
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
    </FaceGrid>
  );
}
