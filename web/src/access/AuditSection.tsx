import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Download, ShieldCheck } from "lucide-react";

import { useUsers } from "./access";
import { answered, client } from "@/api/client";
import type { AuditEntry } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { toastError } from "@/state/toasts";
import { s } from "@/strings";
import { briefMoment } from "@/strings/format";

const t = s.access.audit;
const PAGE = 20;

/** Who did what, the newest first; whether anybody was at the log; and all of it to take along. */
export function AuditSection() {
  const { data: users } = useUsers();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["access", "audit"],
    queryFn: ({ pageParam }) =>
      answered(
        client.GET("/api/v1/audit", {
          params: { query: { limit: PAGE, ...(pageParam !== null && { before: pageParam }) } },
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.before,
    staleTime: 0,
  });
  const verify = useMutation({
    mutationFn: () => answered(client.GET("/api/v1/audit/verify")),
    onError: toastError,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <SkeletonLines />;
  const entries = data.pages.flatMap((page) => page.entries);
  const name = (actor: string) => {
    const id = /^user:(\d+)/.exec(actor)?.[1];
    const known = id && users?.find((user) => String(user.id) === id)?.name;
    return known ? actor.replace(`user:${id}`, known).replace("/token:", t.token) : actor;
  };
  return (
    <>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <p className="mr-auto max-w-prose text-sm text-ink-soft">{t.hint}</p>
        <Button icon={ShieldCheck} disabled={verify.isPending} onClick={() => verify.mutate()}>
          {t.verify}
        </Button>
        <a
          href="/api/v1/audit/export"
          download
          className="inline-flex min-h-9 items-center gap-2 rounded-lg border border-line bg-raised px-3 text-sm font-medium hover:bg-hover"
        >
          <Download size={16} aria-hidden="true" />
          {t.export}
        </a>
      </div>
      {verify.data &&
        (verify.data.whole ? (
          <p role="status" className="mb-2 text-sm text-good">
            {t.whole(verify.data.entries)}
          </p>
        ) : (
          <ul role="alert" className="mb-2 rounded-lg bg-danger-soft p-3 text-sm text-danger">
            {verify.data.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        ))}
      {entries.length === 0 && <p className="text-sm text-ink-soft">{t.none}</p>}
      <ul className="divide-y divide-line text-sm">
        {entries.map((entry) => (
          <li key={entry.number} className="flex flex-wrap gap-x-3 py-1.5">
            <span className="w-44 shrink-0 text-ink-faint tabular-nums">{entry.at && briefMoment(entry.at)}</span>
            <span className="w-28 shrink-0 truncate" title={entry.actor}>
              {name(entry.actor)}
            </span>
            <span className="min-w-0 flex-1 break-words">{wordsOf(entry)}</span>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button className="mt-2" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </>
  );
}

/** The operation as words, with its ids. */
function wordsOf({ action, detail }: AuditEntry): string {
  const ids = Object.entries(detail).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [action.replaceAll("_", " "), ids.join(", ")].filter(Boolean).join(" · ");
}
