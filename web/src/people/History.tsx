import { History as Clock, Undo2 } from "lucide-react";

import { change, nameOf, useEvents, usePeopleChange, usePersons } from "./people";
import type { PersonEvent } from "@/api/types";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { s } from "@/strings";
import { instant } from "@/strings/format";

const t = s.peoplePages.history;

/** What was done with people, newest first; the last change can be taken back, and those before it with it. */
export function History() {
  const { data } = useEvents();
  const shown = usePersons();
  const hidden = usePersons(true);
  const { run, busy } = usePeopleChange();
  if (!data) return null;
  if (data.events.length === 0) return <EmptyState icon={Clock} title={t.none} />;
  const names = new Map(
    [...(shown.data?.persons ?? []), ...(hidden.data?.persons ?? [])].map((one) => [one.id, nameOf(one)]),
  );
  let standing = 0; // changes from the newest to this one that still hold
  return (
    <ul className="mx-auto max-w-3xl divide-y divide-line p-4 md:p-6">
      {data.events.map((event) => {
        const steps = event.undone ? 0 : ++standing;
        return (
          <li key={event.id} className="flex min-h-14 items-center gap-3 py-2">
            <span className={`min-w-0 flex-1 ${event.undone ? "text-ink-faint line-through" : ""}`}>
              {described(event, names)}
              <span className="block text-sm text-ink-faint">{instant(event.at)}</span>
            </span>
            {steps > 0 && (
              <Button
                look={steps === 1 ? "plain" : "quiet"}
                icon={Undo2}
                disabled={busy}
                onClick={() => void run(() => change.undo(steps))}
              >
                {steps === 1 ? s.common.undo : t.undoTo(steps)}
              </Button>
            )}
            {event.undone && <span className="text-sm text-ink-faint">{s.peoplePages.undone}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function fieldsOf(fields: unknown): string {
  const said: Record<string, string> = t.fields;
  return Array.isArray(fields) ? fields.map((field) => said[String(field)] ?? String(field)).join(", ") : "";
}

function described({ kind, detail }: PersonEvent, names: ReadonlyMap<number, string>): string {
  const who = names.get(Number(detail.person)) ?? t.gone;
  const count = (key: string) => (Array.isArray(detail[key]) ? (detail[key] as unknown[]).length : 0);
  const said: Record<string, () => string> = {
    create: () => t.create(who),
    change: () => t.change(who, fieldsOf(detail.fields)),
    merge: () => t.merge(count("others"), who),
    split: () => t.split(count("faces"), who),
    ungroup: () => t.ungroup,
    assign: () => t.assign(count("faces"), who),
    unassign: () => t.unassign(count("faces")),
    verify: () => t.verify(count("faces"), who),
    reject: () => t.reject(count("faces"), who),
    ignore: () => (detail.ignored === false ? t.notice(count("faces")) : t.ignore(count("faces"))),
    draw: () => t.draw(who),
    import: () => t.import(Number(detail.named) + Number(detail.drawn)),
  };
  return said[kind]?.() ?? kind;
}
