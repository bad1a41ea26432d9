import { CircleAlert, CircleCheck, CirclePause, Pause, Play, RefreshCw } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { Runs } from "./indexing";
import type { IndexStatus, Job } from "@/api/types";
import { Button } from "@/components/Button";
import { bytes, duration, instant } from "@/strings/format";
import { s } from "@/strings";

const t = s.indexing.run;

interface RunPanelProps {
  job: Job | null;
  status: IndexStatus;
  runs: Runs;
}

/** What is going on: how far, how fast, how long; to pause and go on. */
export function RunPanel({ job, status, runs }: RunPanelProps) {
  return (
    <section aria-label={t.title} className="rounded-2xl border border-line bg-surface p-4 md:p-5">
      {job?.state === "running" ? <Running key={job.id} job={job} runs={runs} /> : <Resting job={job} runs={runs} />}
      <ul className="mt-4 flex flex-wrap gap-x-5 gap-y-1 border-t border-line pt-3 text-sm text-ink-soft">
        <li data-testid="total" className="font-medium text-ink">
          {s.indexing.totals.photos(status.total_images)}
        </li>
        {status.missing > 0 && <li>{s.indexing.totals.missing(status.missing)}</li>}
        <li>{s.indexing.totals.size(bytes(status.disk_bytes))}</li>
      </ul>
    </section>
  );
}

function Running({ job, runs }: { job: Job; runs: Runs }) {
  const [pausing, setPausing] = useState(false);
  const tagging = job.current === "automatic tags";
  const known = job.total > 0;
  const facts = [
    known && t.count(job.done, job.total),
    job.rate !== null && job.rate > 0 && t.rate(job.rate),
    job.eta !== null && job.eta > 0 && t.left(duration(job.eta)),
    job.errors > 0 && t.errors(job.errors),
  ].filter((fact) => fact !== false);
  return (
    <>
      <Line
        icon={
          <RefreshCw size={22} className="animate-spin text-accent motion-reduce:animate-none" aria-hidden="true" />
        }
        title={tagging ? t.tagging : known ? t.running : t.counting}
        action={
          <Button
            icon={Pause}
            disabled={pausing}
            onClick={() => {
              setPausing(true);
              runs.pause(job.id);
            }}
          >
            {pausing ? t.pausing : t.pause}
          </Button>
        }
      >
        <span className="tabular-nums">{facts.join(" · ")}</span>
      </Line>
      <div
        role="progressbar"
        aria-label={t.progress}
        aria-valuemin={0}
        aria-valuemax={known ? job.total : 1}
        {...(known && { "aria-valuenow": job.done })}
        aria-valuetext={facts.join(", ")}
        className="mt-3 h-2 overflow-hidden rounded-full bg-hover"
      >
        <div
          className={`h-full rounded-full bg-accent-strong transition-[width] duration-500 ${known ? "" : "w-full animate-pulse-soft"}`}
          style={known ? { width: `${Math.min(100, (100 * job.done) / job.total)}%` } : undefined}
        />
      </div>
      <p className="mt-2 h-5 truncate text-sm text-ink-faint [direction:rtl] text-left">
        <bdi>{tagging ? "" : job.current}</bdi>
      </p>
      {runs.waiting > 0 && <p className="text-sm text-ink-soft">{t.waiting(runs.waiting)}</p>}
    </>
  );
}

function Resting({ job, runs }: { job: Job | null; runs: Runs }) {
  if (job === null || job.state === "done" || job.state === "running")
    return (
      <Line
        icon={<CircleCheck size={22} className="text-good" aria-hidden="true" />}
        title={t.done}
        action={
          <Button icon={RefreshCw} onClick={() => runs.scan()}>
            {t.scan}
          </Button>
        }
      >
        {job?.finished_at && t.looked(instant(job.finished_at))}
        {job !== null && job.errors > 0 && ` · ${t.errors(job.errors)}`}
      </Line>
    );
  const paused = job.state === "cancelled";
  const title = paused ? t.paused : job.state === "failed" ? t.failed : t.interrupted;
  return (
    <Line
      icon={
        paused ? (
          <CirclePause size={22} className="text-warn" aria-hidden="true" />
        ) : (
          <CircleAlert size={22} className="text-danger" aria-hidden="true" />
        )
      }
      title={title}
      action={
        <Button look="primary" icon={Play} onClick={() => runs.resume(job.id)}>
          {t.resume}
        </Button>
      }
    >
      {job.error ? `${job.error} ` : job.total > 0 ? `${t.count(job.done, job.total)} · ` : ""}
      {t.nothingLost}
    </Line>
  );
}

interface LineProps {
  icon: ReactNode;
  title: string;
  action: ReactNode;
  children: ReactNode;
}

function Line({ icon, title, action, children }: LineProps) {
  return (
    <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
      <span className="mt-1">{icon}</span>
      <div className="min-w-[min(16rem,70%)] flex-1">
        <p role="status" className="text-lg font-semibold">
          {title}
        </p>
        <p className="text-sm text-ink-soft">{children}</p>
      </div>
      {action}
    </div>
  );
}
