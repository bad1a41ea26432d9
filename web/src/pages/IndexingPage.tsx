import { FolderPlus } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";

import { paths } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { Exclusions } from "@/indexing/Exclusions";
import { FileErrors } from "@/indexing/FileErrors";
import { FolderBrowser } from "@/indexing/FolderBrowser";
import { Folders } from "@/indexing/Folders";
import { useFollowed, useIndexStatus, useRoots, useRuns } from "@/indexing/indexing";
import { RunPanel } from "@/indexing/RunPanel";
import { s } from "@/strings";

export default function IndexingPage() {
  const status = useIndexStatus();
  const roots = useRoots();
  const job = useFollowed(status.data?.job ?? null);
  const runs = useRuns(job);
  const [adding, setAdding] = useState(false);
  const running = job?.state === "running";
  const add = () => setAdding(true);
  const error = status.error ?? roots.error;
  return (
    <>
      <PageHeader
        title={s.nav.indexing}
        actions={
          <Link
            href={paths.duplicates}
            className="rounded-lg px-3 py-2 text-sm font-medium text-accent hover:bg-hover md:hidden"
          >
            {s.nav.duplicates}
          </Link>
        }
      />
      {status.data && roots.data ? (
        <div className="mx-auto max-w-3xl space-y-8 p-4 md:p-6">
          {status.data.read_only && (
            <p role="status" className="rounded-xl bg-danger-soft px-4 py-3 text-danger">
              {s.indexing.readOnly}
            </p>
          )}
          {roots.data.roots.length === 0 && !running ? (
            <EmptyState
              icon={FolderPlus}
              title={s.indexing.folders.none}
              actions={
                <Button look="primary" icon={FolderPlus} onClick={add}>
                  {s.indexing.folders.add}
                </Button>
              }
            >
              <p>{s.indexing.folders.noneHint}</p>
            </EmptyState>
          ) : (
            <>
              <RunPanel job={job} status={status.data} runs={runs} />
              <Folders folders={roots.data.roots} running={running} runs={runs} onAdd={add} />
              <FileErrors count={status.data.errors} running={running} runs={runs} />
            </>
          )}
          <Exclusions />
          <p className="text-sm text-ink-faint">{s.indexing.about}</p>
        </div>
      ) : error ? (
        <ErrorState
          error={error}
          retry={() => {
            void status.refetch();
            void roots.refetch();
          }}
        />
      ) : (
        <div className="mx-auto max-w-3xl p-6">
          <SkeletonLines lines={6} />
        </div>
      )}
      {adding && <FolderBrowser onAdd={runs.add} onClose={() => setAdding(false)} />}
    </>
  );
}
