import { useState } from "react";

import { useExclusions, useSaveExclusions } from "./indexing";
import { Button } from "@/components/Button";
import { s } from "@/strings";

const t = s.indexing.exclusions;

/** What is left out of every scan. */
export function Exclusions() {
  const { data } = useExclusions();
  return (
    <section aria-labelledby="exclusions">
      <h2 id="exclusions" className="font-semibold">
        {t.title}
      </h2>
      <p id="exclusions-hint" className="mb-2 text-sm text-ink-soft">
        {t.hint}
      </p>
      {data && <Patterns key={data.patterns.join("\n")} saved={data.patterns} />}
    </section>
  );
}

function Patterns({ saved }: { saved: readonly string[] }) {
  const [text, setText] = useState(saved.join("\n"));
  const save = useSaveExclusions();
  const patterns = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const changed = patterns.join("\n") !== saved.join("\n");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(patterns);
      }}
    >
      <textarea
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-label={t.label}
        aria-describedby="exclusions-hint"
        placeholder={t.example}
        spellCheck={false}
        rows={Math.min(10, Math.max(4, patterns.length + 1))}
        className="block w-full rounded-2xl border border-line bg-canvas px-4 py-3 font-mono text-sm placeholder:text-ink-faint"
      />
      {changed && (
        <Button look="primary" type="submit" className="mt-2" disabled={save.isPending}>
          {s.common.save}
        </Button>
      )}
    </form>
  );
}
