import { FileWarning, RotateCcw } from "lucide-react";

import { useFileErrors, type Runs } from "./indexing";
import { Button } from "@/components/Button";
import { day } from "@/strings/format";
import { s } from "@/strings";

const t = s.indexing.errors;

/** The files that could not be read, each with its reason. */
export function FileErrors({ count, running, runs }: { count: number; running: boolean; runs: Runs }) {
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useFileErrors();
  const errors = data?.pages.flatMap((page) => page.errors) ?? [];
  if (count === 0 && errors.length === 0) return null;
  return (
    <section aria-labelledby="errors">
      <div className="mb-2 flex items-end gap-3">
        <div className="flex-1">
          <h2 id="errors" className="font-semibold">
            {t.title} <span className="font-normal text-ink-faint">{s.common.number(count)}</span>
          </h2>
          <p className="text-sm text-ink-soft">{t.hint}</p>
        </div>
        <Button icon={RotateCcw} disabled={running} onClick={runs.retry}>
          {t.retry}
        </Button>
      </div>
      <ul className="divide-y divide-line rounded-2xl border border-line">
        {errors.map((error) => (
          <li key={error.path} className="flex gap-3 px-4 py-2.5">
            <FileWarning size={20} className="mt-0.5 shrink-0 text-warn" aria-hidden="true" />
            <div className="min-w-0 flex-1">
              <p className="font-medium break-words">{error.path}</p>
              <p className="text-sm break-words text-ink-soft">
                <span className="font-medium">{t.kind(error.code)}</span>: {error.message}
              </p>
            </div>
            <span className="hidden text-sm whitespace-nowrap text-ink-faint sm:block">{day(error.seen_at)}</span>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button look="quiet" className="mt-2" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </section>
  );
}
