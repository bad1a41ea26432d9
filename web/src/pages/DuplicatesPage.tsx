import { Copy } from "lucide-react";
import { useState } from "react";

import { useMay } from "@/access/session";
import { useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Segments } from "@/components/Segments";
import { SkeletonLines } from "@/components/Skeleton";
import { KINDS, useDuplicates, type Kind } from "@/duplicates/duplicates";
import { Group } from "@/duplicates/Group";
import { TrashDialog } from "@/duplicates/TrashDialog";
import { s } from "@/strings";
import { bytes } from "@/strings/format";

/** Groups of the same picture side by side; what is spare is marked, and goes to the trash only after a question. */
export default function DuplicatesPage() {
  const [parameters, change] = useParameters();
  const may = { judge: useMay("write"), trash: useMay("admin") };
  const kind = KINDS.find((each) => each === parameters.get("kind")) ?? null;
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useDuplicates(kind);
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
  const [asking, setAsking] = useState(false);
  const first = data?.pages[0];
  const trashable = may.trash && first?.trash_allowed === true;
  const groups = data?.pages.flatMap((page) => page.groups) ?? [];
  const mark = (ids: readonly number[], on: boolean) => {
    setMarked((before) => {
      const after = new Set(before);
      for (const id of ids)
        if (on) after.add(id);
        else after.delete(id);
      return after;
    });
  };
  const spare = groups.flatMap((group) => group.members.slice(1).map((member) => member.image.id));
  return (
    <>
      <PageHeader
        title={s.duplicates.title}
        note={first && s.duplicates.summary(first.total, bytes(first.spare_bytes))}
        actions={
          trashable && (
            <Button look="danger" disabled={marked.size === 0} onClick={() => setAsking(true)}>
              {s.duplicates.trash(marked.size)}
            </Button>
          )
        }
      />
      <div className="space-y-4 px-4 pt-4 pb-10 md:px-6">
        <div className="flex flex-wrap items-center gap-3">
          <Segments
            label={s.duplicates.kind}
            value={kind ?? "all"}
            options={[
              { value: "all", label: s.duplicates.all },
              ...KINDS.map((each) => ({ value: each, label: s.duplicates.tabs[each] })),
            ]}
            onChange={(value: Kind | "all") => {
              setMarked(new Set());
              change({ kind: value === "all" ? null : value });
            }}
          />
          {trashable && spare.length > 0 && (
            <Button onClick={() => mark(spare, !spare.every((id) => marked.has(id)))}>{s.duplicates.markAll}</Button>
          )}
        </div>
        {may.trash && first && !first.trash_allowed && groups.length > 0 && (
          <p className="text-sm text-ink-faint">{s.duplicates.off}</p>
        )}
        {error && !data && <ErrorState error={error} retry={() => void refetch()} />}
        {!error && !data && (
          <div role="status" aria-label={s.duplicates.looking}>
            <p className="mb-3 text-sm text-ink-soft">{s.duplicates.looking}</p>
            <SkeletonLines lines={6} />
          </div>
        )}
        {first?.total === 0 && (
          <EmptyState icon={Copy} title={s.duplicates.none}>
            <p>{s.duplicates.noneHint}</p>
          </EmptyState>
        )}
        {groups.map((group) => (
          <Group
            key={group.members[0]?.image.id}
            group={group}
            marked={marked}
            mark={trashable ? mark : null}
            judging={may.judge}
          />
        ))}
        {hasNextPage && (
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {s.duplicates.more}
          </Button>
        )}
      </div>
      {asking && (
        <TrashDialog
          ids={[...marked]}
          onClose={(gone) => {
            setAsking(false);
            if (gone) setMarked(new Set());
          }}
        />
      )}
    </>
  );
}
