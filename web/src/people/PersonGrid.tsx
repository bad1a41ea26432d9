import { Star } from "lucide-react";
import { useState, type DragEvent } from "react";
import { Link } from "wouter";

import { change, nameOf, usePeopleChange } from "./people";
import { Portrait } from "./Portrait";
import { useMay } from "@/access/session";
import type { Person } from "@/api/types";
import { paths } from "@/app/navigation";
import { s } from "@/strings";

const t = s.peoplePages;
const TYPE = "application/x-person";

/** Everybody, to look at, and to be dragged onto one another. */
export function PersonGrid({ persons }: { persons: readonly Person[] }) {
  const may = useMay("write");
  const { run } = usePeopleChange();
  const [over, setOver] = useState<number | null>(null);
  const drop = (event: DragEvent, onto: Person) => {
    event.preventDefault();
    setOver(null);
    const other = persons.find((one) => String(one.id) === event.dataTransfer.getData(TYPE));
    if (!other || other.id === onto.id) return;
    // The one with a name keeps it.
    const [into, from] = onto.name === null && other.name !== null ? [other, onto] : [onto, other];
    void run(() => change.merge(into.id, [from.id]), t.merged(1, nameOf(into)));
  };
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(8.5rem,28vw),1fr))] gap-x-4 gap-y-6 p-4 md:p-6">
      {persons.map((person) => (
        <li
          key={person.id}
          draggable={may}
          onDragStart={(event) => {
            event.dataTransfer.setData(TYPE, String(person.id));
            event.dataTransfer.effectAllowed = "move";
          }}
          onDragOver={(event) => {
            if (!event.dataTransfer.types.includes(TYPE)) return;
            event.preventDefault();
            setOver(person.id);
          }}
          onDragLeave={() => setOver(null)}
          onDrop={(event) => drop(event, person)}
        >
          <Link href={paths.person(person.id)} draggable={false} className="group block rounded-2xl text-center">
            <span className="relative mx-auto block w-full max-w-36">
              <Portrait
                url={person.cover_url}
                className={`aspect-square w-full transition group-hover:brightness-95 ${over === person.id ? "ring-4 ring-accent" : ""}`}
              />
              {person.favourite && (
                <Star
                  size={20}
                  aria-label={t.favourite}
                  className="absolute right-1 bottom-1 rounded-full bg-raised fill-current p-0.5 text-warn"
                />
              )}
            </span>
            <span className={`mt-2 block truncate font-medium ${person.name === null ? "text-ink-faint" : ""}`}>
              {nameOf(person)}
            </span>
            <span className="block text-sm text-ink-faint">{t.photos(person.images)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
