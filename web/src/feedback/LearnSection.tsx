import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { GraduationCap, ThumbsDown, ThumbsUp, Trash2, Undo2 } from "lucide-react";
import { useEffect } from "react";

import { answered, client } from "@/api/client";
import type { Job, LearnStatus, Verdict } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { useFollowed } from "@/indexing/indexing";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";
import { day } from "@/strings/format";

const t = s.feedback;
const KEY = ["feedback"];

/** What there is to learn from, and what was learned. */
export function LearnSection() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: [...KEY, "learn"],
    queryFn: () => answered(client.GET("/api/v1/learn")),
  });
  const jobs = useQuery({
    queryKey: [...KEY, "jobs"],
    queryFn: () => answered(client.GET("/api/v1/jobs", { params: { query: { limit: 20 } } })),
  });
  const job = useFollowed(jobs.data?.jobs.find((each) => each.kind === "learn") ?? null);
  const running = job?.state === "running";
  useEffect(() => {
    if (running) return;
    forgetResults();
    void queries.invalidateQueries({ queryKey: [...KEY, "learn"] });
  }, [running, queries]);
  const learn = useMutation({
    mutationFn: () => answered(client.POST("/api/v1/learn")),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...KEY, "jobs"] }),
    onError: toastError,
  });
  const revert = useMutation({
    mutationFn: () => answered(client.POST("/api/v1/learn/revert")),
    onSuccess: () => {
      toast(t.reverted);
      forgetResults();
      return queries.invalidateQueries({ queryKey: KEY });
    },
    onError: toastError,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <SkeletonLines />;
  return (
    <>
      <p className="mb-3 text-sm text-ink-soft">{t.hint}</p>
      <p>{t.said(data.likes, data.dislikes, data.queries)}</p>
      {data.likes < data.needed && <p className="text-sm text-ink-soft">{t.needed(data.needed - data.likes)}</p>}
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          look="primary"
          icon={GraduationCap}
          disabled={running || learn.isPending || data.likes < data.needed}
          onClick={() => learn.mutate()}
        >
          {running ? t.learning : t.learn}
        </Button>
        {data.revisions.length > 0 && (
          <Button icon={Undo2} disabled={running || revert.isPending} onClick={() => revert.mutate()}>
            {t.revert}
          </Button>
        )}
      </div>
      <Outcome job={running ? null : job} />
      <Figures status={data} />
      <Facts />
    </>
  );
}

/** A refusal says why. */
function Outcome({ job }: { job: Job | null }) {
  if (job?.state !== "done" || job.detail["accepted"] !== false) return null;
  return (
    <p role="status" className="mt-3 text-sm text-warn">
      {t.refused} {String(job.detail["reason"])}
    </p>
  );
}

function Figures({ status }: { status: LearnStatus }) {
  const last = status.revisions[status.revisions.length - 1];
  if (!last) return null;
  const rows: [string, string, string][] = [
    [t.ndcg, last.ndcg_before.toFixed(2), last.ndcg_after.toFixed(2)],
    [t.order, percent(last.order_before), percent(last.order_after)],
  ];
  return (
    <div className="mt-4 text-sm">
      <p>{t.revision(day(last.learned_at), last.held_back)}</p>
      <table className="mt-1 w-full max-w-lg">
        <thead className="text-left text-ink-faint">
          <tr>
            <th className="py-1 font-normal" />
            <th className="font-normal">{t.before}</th>
            <th className="font-normal">{t.after}</th>
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {rows.map(([name, before, after]) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="py-1 pr-3 text-left font-normal">
                {name}
              </th>
              <td>{before}</td>
              <td>{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-1 text-ink-faint">{t.everyday(percent(last.everyday))}</p>
    </div>
  );
}

/** What was said, by query; erasing it is for good. */
function Facts() {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: [...KEY, "facts"],
    queryFn: () => answered(client.GET("/api/v1/feedback")),
  });
  const erase = useMutation({
    mutationFn: (query: string) => answered(client.DELETE("/api/v1/feedback", { params: { query: { query } } })),
    onSuccess: ({ facts }) => {
      toast(t.erased(facts));
      return queries.invalidateQueries({ queryKey: KEY });
    },
    onError: toastError,
  });
  const said = new Map<string, Verdict[]>();
  for (const fact of data?.feedback ?? []) {
    const key = fact.query.toLowerCase();
    said.set(key, [...(said.get(key) ?? []), fact]);
  }
  if (said.size === 0) return null;
  return (
    <details className="mt-4 rounded-2xl border border-line px-4 py-2">
      <summary className="py-1 text-sm font-medium">{t.facts}</summary>
      <ul className="divide-y divide-line">
        {[...said.values()].map((facts) => (
          <li key={facts[0]?.query} className="flex items-center gap-3 py-1">
            <span className="min-w-0 flex-1 truncate">{facts[0]?.query}</span>
            <Count icon={ThumbsUp} label={t.likes} count={facts.filter((fact) => fact.liked).length} />
            <Count icon={ThumbsDown} label={t.dislikes} count={facts.filter((fact) => !fact.liked).length} />
            <IconButton
              icon={Trash2}
              label={t.erase(facts[0]?.query ?? "")}
              disabled={erase.isPending}
              onClick={() => erase.mutate(facts[0]?.query ?? "")}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Count({ icon: Icon, label, count }: { icon: typeof ThumbsUp; label: string; count: number }) {
  return (
    <span title={label} className="inline-flex items-center gap-1 text-sm text-ink-soft tabular-nums">
      <Icon size={14} aria-label={label} /> {count}
    </span>
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
