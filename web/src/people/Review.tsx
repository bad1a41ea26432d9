import { CircleCheck } from "lucide-react";
import { useEffect, useState } from "react";

import { change, confirm, tell, usePeopleChange, usePersons, useQuestions } from "./people";
import { Portrait } from "./Portrait";
import type { ReviewQuestion } from "@/api/types";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { s } from "@/strings";

const t = s.peoplePages.question;

/** Questions about faces, one at a time, answered by keys. */
export function Review() {
  const { data } = useQuestions();
  const { undo, busy } = usePeopleChange();
  useKeys({ u: undo }, busy); // also after the last question
  const [skipped, setSkipped] = useState<ReadonlySet<number>>(new Set());
  const questions = data?.questions.filter((one) => !skipped.has(one.face_ids[0] ?? 0)) ?? [];
  const [question] = questions;
  if (!data) return null;
  if (!question)
    return (
      <EmptyState icon={CircleCheck} title={t.done}>
        <p>{t.doneHint}</p>
      </EmptyState>
    );
  const first = question.face_ids[0] ?? 0;
  return (
    <Question
      key={`${first}/${question.person_id ?? ""}`}
      question={question}
      left={questions.length}
      onSkip={() => setSkipped(new Set([...skipped, first]))}
    />
  );
}

/** Single keys, while nobody is typing. */
function useKeys(actions: Partial<Record<string, () => void>>, busy: boolean): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey || busy) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

interface QuestionProps {
  question: ReviewQuestion;
  left: number;
  onSkip: () => void;
}

function Question({ question, left, onSkip }: QuestionProps) {
  const { run, busy } = usePeopleChange();
  const persons = usePersons();
  const known = persons.data?.persons ?? [];
  const [name, setName] = useState("");
  const asks = question.kind === "is_this" && question.person_id !== null;
  const yes = () => void run(() => confirm(question));
  const no = () => void run(() => change.verify(question.person_id ?? 0, question.face_ids, false));
  const stranger = () => void run(() => change.ignore(question.face_ids));

  useKeys({ ...(asks && { y: yes, n: no }), s: onSkip }, busy);

  return (
    <section className="mx-auto flex max-w-2xl flex-col items-center gap-5 p-6 text-center">
      <p className="text-sm text-ink-faint">{t.left(left)}</p>
      <ul className="flex flex-wrap justify-center gap-2">
        {question.faces.slice(0, 12).map((face) => (
          <li key={face.id}>
            <Portrait url={face.thumbnail_url} className="size-20 md:size-28" />
          </li>
        ))}
      </ul>
      <h2 aria-live="polite" className="text-xl font-semibold">
        {asks ? t.is(question.person_name ?? s.peoplePages.someone) : t.who}
      </h2>
      <div className="flex flex-wrap justify-center gap-2">
        {asks && (
          <>
            <Button look="primary" disabled={busy} onClick={yes}>
              {t.yes}
            </Button>
            <Button disabled={busy} onClick={no}>
              {t.no}
            </Button>
          </>
        )}
        <Button disabled={busy} onClick={onSkip}>
          {t.skip}
        </Button>
        <Button look="quiet" disabled={busy} onClick={stranger}>
          {t.stranger}
        </Button>
      </div>
      <form
        className="flex w-full max-w-sm gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) void run(() => tell(question, name.trim(), known));
        }}
      >
        <input
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          autoFocus={!asks}
          list="known-people"
          maxLength={200}
          aria-label={s.peoplePages.rename}
          placeholder={s.peoplePages.namePlaceholder}
          className="h-11 min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3"
        />
        <datalist id="known-people">
          {known.map((one) => one.name !== null && <option key={one.id} value={one.name} />)}
        </datalist>
        <Button type="submit" disabled={busy || name.trim() === ""}>
          {t.save}
        </Button>
      </form>
      <p className="text-sm text-ink-faint">
        {t.settles(question.settles)}. {asks ? t.keys : t.keysWho}
      </p>
    </section>
  );
}
