import { CalendarDays, Images, Pencil, Users } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { PersonDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { s } from "@/strings";
import { day } from "@/strings/format";
import { change, usePeopleChange } from "./people";

const t = s.peoplePages.about;
const FIELD = "mt-1 block w-full rounded-lg border border-line bg-canvas px-3 font-normal";

/** What the user knows of a person, and what the photos say. */
export function AboutTab({ person }: { person: PersonDetail }) {
  const { first_seen: first, last_seen: last } = person;
  return (
    <div className="mx-auto grid max-w-3xl gap-8 p-4 md:grid-cols-2 md:p-6">
      <Facts key={`${person.birth_date ?? ""}/${person.notes}`} person={person} />
      <dl className="space-y-3 text-sm">
        <Fact icon={<Images size={18} aria-hidden="true" />} name={t.photos}>
          {s.peoplePages.photos(person.images)}, {t.faces(person.faces, person.verified)}
        </Fact>
        {first && last && (
          <Fact icon={<CalendarDays size={18} aria-hidden="true" />} name={t.seen}>
            {first.slice(0, 10) === last.slice(0, 10) ? day(first) : t.span(day(first), day(last))}
          </Fact>
        )}
        {person.companions.length > 0 && (
          <Fact icon={<Users size={18} aria-hidden="true" />} name={t.with}>
            {person.companions
              .map(({ person: other, images }) => `${other.name ?? s.peoplePages.someone} (${images})`)
              .join(", ")}
          </Fact>
        )}
      </dl>
    </div>
  );
}

function Fact({ icon, name, children }: { icon: ReactNode; name: string; children: ReactNode }) {
  return (
    <div className="flex gap-3">
      <dt className="shrink-0 text-ink-faint">
        {icon}
        <span className="sr-only">{name}</span>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ person }: { person: PersonDetail }) {
  const { run, busy } = usePeopleChange();
  const [born, setBorn] = useState(person.birth_date ?? "");
  const [notes, setNotes] = useState(person.notes);
  const changed = born !== (person.birth_date ?? "") || notes !== person.notes;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => change.person(person.id, { birth_date: born || null, notes }), t.saved);
      }}
    >
      <label className="block text-sm font-medium">
        {t.born}
        <input
          type="date"
          value={born}
          max={new Date().toISOString().slice(0, 10)}
          onChange={(event) => setBorn(event.target.value)}
          className={`${FIELD} h-11`}
        />
        <span className="mt-1 block text-xs font-normal text-ink-faint">{t.bornHint}</span>
      </label>
      <label className="block text-sm font-medium">
        {t.notes}
        <textarea
          value={notes}
          rows={4}
          maxLength={10_000}
          onChange={(event) => setNotes(event.target.value)}
          className={`${FIELD} py-2`}
        />
      </label>
      <Button look="primary" icon={Pencil} type="submit" disabled={!changed || busy}>
        {s.common.save}
      </Button>
    </form>
  );
}
