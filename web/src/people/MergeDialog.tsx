import type { Person } from "@/api/types";
import { navigate, paths } from "@/app/navigation";
import { Dialog } from "@/components/Dialog";
import { s } from "@/strings";
import { change, nameOf, usePeopleChange, usePersons } from "./people";
import { Portrait } from "./Portrait";

const t = s.peoplePages;

/** Who else somebody is. The one with a name keeps it. */
export function MergeDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { data } = usePersons();
  const { run } = usePeopleChange();
  const others = data?.persons.filter((one) => one.id !== person.id) ?? [];
  const merge = async (other: Person) => {
    const [into, from] = person.name === null && other.name !== null ? [other, person] : [person, other];
    onClose();
    if (into.id !== person.id) navigate(paths.person(into.id), { replace: true });
    await run(() => change.merge(into.id, [from.id]), t.merged(1, nameOf(into)));
  };
  return (
    <Dialog title={t.mergeInto(nameOf(person))} onClose={onClose}>
      <ul className="max-h-96 overflow-y-auto">
        {others.map((other) => (
          <li key={other.id}>
            <button
              type="button"
              onClick={() => void merge(other)}
              className="flex w-full items-center gap-3 rounded-lg px-2 py-2 text-left hover:bg-hover"
            >
              <Portrait url={other.cover_url} className="size-10 shrink-0" />
              <span className="min-w-0 flex-1 truncate">{nameOf(other)}</span>
              <span className="text-sm text-ink-faint">{t.photos(other.images)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
