import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, EllipsisVertical, Eye, EyeOff, Merge, Star, Ungroup, Users } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";

import { answered, client } from "@/api/client";
import type { Person } from "@/api/types";
import { navigate, paths, useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { IconButton } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { Segments } from "@/components/Segments";
import { FacesTab } from "@/people/FacesTab";
import { change, nameOf, rename, usePeopleChange, usePerson, usePersons } from "@/people/people";
import { Portrait } from "@/people/Portrait";
import { PhotoResults } from "@/photos/PhotoResults";
import type { Question } from "@/state/results";
import { s } from "@/strings";
import { sectionsOf, spansOf } from "@/timeline/buckets";

const t = s.peoplePages;

export default function PersonPage({ id }: { id: number }) {
  const { data: person, error, refetch } = usePerson(id);
  const { run } = usePeopleChange();
  const [parameters, set] = useParameters();
  const tab = parameters.get("tab") === "faces" ? "faces" : "photos";
  const [merging, setMerging] = useState(false);
  const question = useMemo<Question>(() => ({ filters: { people: [id] }, sort: "newest" }), [id]);
  const years = useQuery({
    queryKey: ["timeline", "person", id],
    queryFn: () =>
      answered(client.POST("/api/v1/timeline", { body: { unit: "year", filters: { people: [id] }, covers: false } })),
  });
  const sections = useMemo(() => years.data && sectionsOf(spansOf(years.data.buckets, "year"), "year"), [years.data]);
  if (!person)
    return (
      <>
        <PageHeader title={s.nav.people} />
        {error && <ErrorState error={error} retry={() => void refetch()} />}
      </>
    );
  return (
    <>
      <PageHeader
        title={
          <span className="flex min-w-0 items-center gap-2">
            <IconButton icon={ArrowLeft} label={t.back} onClick={() => navigate(paths.people)} />
            <Portrait url={person.cover_url} className="size-9 shrink-0" />
            <NameField key={person.name} person={person} />
          </span>
        }
        note={<span className="hidden sm:inline">{t.photos(person.images)}</span>}
        actions={
          <>
            <IconButton
              icon={Star}
              label={t.favourite}
              pressed={person.favourite}
              onClick={() => void run(() => change.person(id, { favourite: !person.favourite }))}
            />
            <Menu
              label={t.menu}
              icon={EllipsisVertical}
              items={[
                { label: t.merge, icon: Merge, onSelect: () => setMerging(true) },
                {
                  label: person.hidden ? t.unhide : t.hide,
                  icon: person.hidden ? Eye : EyeOff,
                  onSelect: () =>
                    void run(
                      () => change.person(id, { hidden: !person.hidden }),
                      person.hidden ? undefined : t.hidden(nameOf(person)),
                    ),
                },
                {
                  label: t.ungroup,
                  icon: Ungroup,
                  danger: true,
                  onSelect: () => {
                    navigate(paths.people);
                    void run(() => change.ungroup(id), t.ungrouped);
                  },
                },
              ]}
            />
          </>
        }
      >
        <Segments
          label={s.nav.people}
          options={[
            { value: "photos", label: t.tabs.photos },
            { value: "faces", label: t.tabs.faces },
          ]}
          value={tab}
          onChange={(value) => set({ tab: value === "faces" ? value : null }, { replace: true })}
        />
      </PageHeader>
      {tab === "faces" ? (
        <FacesTab id={id} />
      ) : (
        <>
          <Companions people={person.companions.map((one) => one.person)} />
          <PhotoResults
            question={question}
            sections={sections}
            empty={<EmptyState icon={Users} title={t.noPhotos} />}
          />
        </>
      )}
      {merging && <MergeDialog person={person} onClose={() => setMerging(false)} />}
    </>
  );
}

/** The name, to write over. A name that somebody has already means that they are the same. */
function NameField({ person }: { person: Person }) {
  const { run } = usePeopleChange();
  const known = usePersons();
  const save = (input: HTMLInputElement) => {
    const name = input.value.trim();
    if (name === (person.name ?? "")) return;
    if (name === "") {
      input.value = person.name ?? "";
      return;
    }
    void run(async () => {
      const id = await rename(person.id, name, known.data?.persons ?? []);
      if (id !== person.id) navigate(paths.person(id), { replace: true });
    });
  };
  return (
    <input
      defaultValue={person.name ?? ""}
      maxLength={200}
      aria-label={t.rename}
      placeholder={t.namePlaceholder}
      onBlur={(event) => save(event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") event.currentTarget.value = person.name ?? "";
      }}
      className="min-w-0 flex-1 rounded-lg border border-transparent bg-transparent px-2 py-1 font-semibold hover:border-line focus:border-line focus:bg-canvas"
    />
  );
}

function Companions({ people }: { people: readonly Person[] }) {
  if (people.length === 0) return null;
  return (
    <section aria-label={t.with} className="flex items-center gap-3 overflow-x-auto px-4 pt-3">
      <span className="text-sm whitespace-nowrap text-ink-soft">{t.with}</span>
      {people.map((one) => (
        <Link key={one.id} href={paths.person(one.id)} className="flex items-center gap-1.5 text-sm whitespace-nowrap">
          <Portrait url={one.cover_url} className="size-7" />
          {nameOf(one)}
        </Link>
      ))}
    </section>
  );
}

function MergeDialog({ person, onClose }: { person: Person; onClose: () => void }) {
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
