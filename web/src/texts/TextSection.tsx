import { ScanText, Search, Square, Trash2 } from "lucide-react";
import { useState } from "react";

import { useTextChanges, useTextRun, useTextStatus } from "./texts";
import type { Job } from "@/api/types";
import { navigate } from "@/app/navigation";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { FormDialog } from "@/components/FormDialog";
import { SkeletonLines } from "@/components/Skeleton";
import { s } from "@/strings";

const t = s.texts;

/** Whether text is read here and how much is; reading what is not, and erasing what was. */
export function TextSection() {
  const { data, error, refetch } = useTextStatus();
  const job = useTextRun();
  const { run, stop, erase } = useTextChanges();
  const [erasing, setErasing] = useState(false);
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <SkeletonLines />;
  const running = job?.state === "running";
  return (
    <>
      <p className="mb-3 text-sm text-ink-soft">{t.hint}</p>
      {data.installed ? (
        <p title={data.model}>{data.when === "later" ? t.later(data.name) : t.whileIndexing(data.name)}</p>
      ) : (
        <>
          <p>{t.missing}</p>
          <p className="mt-1 text-sm text-ink-soft">{t.install}</p>
          <code className="mt-1 block rounded-lg bg-surface p-3 text-sm wrap-anywhere">{data.install}</code>
        </>
      )}
      <p className="mt-1 text-sm text-ink-soft">
        {t.known(data.images, data.with_text)}{" "}
        {data.waiting > 0 ? t.waiting(data.waiting) : data.images > 0 && t.allRead}
      </p>
      {running && <Progress job={job} stopping={stop.isSuccess || stop.isPending} onStop={() => stop.mutate(job.id)} />}
      {job?.state === "failed" && data.waiting > 0 && (
        <p role="alert" className="mt-2 text-sm text-danger">
          {t.failed(job.error ?? "")}
        </p>
      )}
      <div className="mt-3 flex flex-wrap gap-2">
        {data.installed && data.waiting > 0 && !running && (
          <Button
            look="primary"
            icon={ScanText}
            disabled={run.isPending}
            onClick={() => {
              stop.reset();
              run.mutate();
            }}
          >
            {t.run}
          </Button>
        )}
        {data.with_text > 0 && (
          <Button icon={Search} onClick={() => navigate("/?text=1")}>
            {t.show}
          </Button>
        )}
        {data.images > 0 && (
          <Button look="danger" icon={Trash2} disabled={running} onClick={() => setErasing(true)}>
            {t.erase}
          </Button>
        )}
      </div>
      {erasing && (
        <FormDialog
          title={t.eraseTitle}
          action={t.erase}
          danger
          onClose={() => setErasing(false)}
          onSubmit={async () => {
            await erase();
            setErasing(false);
          }}
        >
          <p>{t.eraseHint}</p>
          {data.installed && data.when !== "later" && <p className="mt-2 text-sm text-ink-soft">{t.eraseAgain}</p>}
        </FormDialog>
      )}
    </>
  );
}

function Progress({ job, stopping, onStop }: { job: Job; stopping: boolean; onStop: () => void }) {
  const share = job.total > 0 ? Math.min(100, (100 * job.done) / job.total) : 0;
  return (
    <div className="mt-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-sm tabular-nums">
          {t.reading(job.done, job.total)}
        </p>
        <Button icon={Square} disabled={stopping} onClick={onStop}>
          {stopping ? t.stopping : t.stop}
        </Button>
      </div>
      <div
        role="progressbar"
        aria-label={t.progress}
        aria-valuemin={0}
        aria-valuemax={Math.max(1, job.total)}
        aria-valuenow={job.done}
        className="mt-2 h-2 overflow-hidden rounded-full bg-hover"
      >
        <div className="h-full rounded-full bg-accent-strong transition-[width]" style={{ width: `${share}%` }} />
      </div>
    </div>
  );
}
