import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, EllipsisVertical, Eye, EyeOff, Merge, Star, Trash2, Ungroup, Users } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useMay } from "@/access/session";
import { Link } from "wouter";

import { answered, client } from "@/api/client";
import type { Person } from "@/api/types";
import { navigate, paths, useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { Segments } from "@/components/Segments";
import { AboutTab } from "@/people/AboutTab";
import { EraseDialog } from "@/people/EraseDialog";
import { FacesTab } from "@/people/FacesTab";
import { MergeDialog } from "@/people/MergeDialog";
import { change, nameOf, rename, usePeopleChange, usePerson, usePersons } from "@/people/people";
import { Portrait } from "@/people/Portrait";
import { PhotoResults } from "@/photos/PhotoResults";
import type { Question } from "@/state/results";
import { toast } from "@/state/toasts";
import { s } from "@/strings";
import { sectionsOf, spansOf } from "@/timeline/buckets";

const t = s.peoplePages;

export default function PersonPage({ id }: { id: number }) {
  const { data: person, error, refetch } = usePerson(id);
  const { run } = usePeopleChange();
  const may = useMay("write");
  const [parameters, set] = useParameters();
  const asked = parameters.get("tab");
  const tab = asked === "faces" || asked === "about" ? asked : "photos";
  const [asking, setAsking] = useState<"merge" | "erase" | null>(null);
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
            {may ? <NameField key={person.id} person={person} /> : <span className="truncate">{nameOf(person)}</span>}
          </span>
        }
        note={<span className="hidden sm:inline">{t.photos(person.images)}</span>}
        actions={
          may && (
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
                  { label: t.merge, icon: Merge, onSelect: () => setAsking("merge") },
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
                  { label: t.erasing.person, icon: Trash2, danger: true, onSelect: () => setAsking("erase") },
                ]}
              />
            </>
          )
        }
      >
        {may && (
          <Segments
            label={s.nav.people}
            options={[
              { value: "photos", label: t.tabs.photos },
              { value: "faces", label: t.tabs.faces },
              { value: "about", label: t.tabs.about },
            ]}
            value={tab}
            onChange={(value) => set({ tab: value === "photos" ? null : value }, { replace: true })}
          />
        )}
      </PageHeader>
      {tab === "faces" ? (
        <FacesTab id={id} />
      ) : tab === "about" ? (
        <AboutTab person={person} />
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
      {asking === "merge" && <MergeDialog person={person} onClose={() => setAsking(null)} />}
      {asking === "erase" && (
        <EraseDialog
          title={t.erasing.title(nameOf(person))}
          hint={t.erasing.hint}
          word={person.name ?? t.erasing.word}
          action={t.erasing.person}
          onClose={() => setAsking(null)}
          onErase={() => {
            navigate(paths.people);
            void run(() => change.erase(id)).then((worked) => {
              if (worked) toast(t.erasing.done);
            });
          }}
        />
      )}
    </>
  );
}

/** The name, to write over. A name that somebody has already means that they are the same. */
function NameField({ person }: { person: Person }) {
  const { run } = usePeopleChange();
  const known = usePersons();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // A name that comes while somebody writes the next one must not take it away.
    if (field.current && field.current !== document.activeElement) field.current.value = person.name ?? "";
  }, [person.name]);
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
      ref={field}
      defaultValue={person.name ?? ""}
      maxLength={200}
      aria-label={t.rename}
      placeholder={t.namePlaceholder}
      onBlur={(event) => save(event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") event.currentTarget.value = person.name ?? "";
      }}
      className="w-32 min-w-0 sm:w-64 flex-1 rounded-lg border border-transparent bg-transparent px-2 py-1 font-semibold hover:border-line focus:border-line focus:bg-canvas"
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
