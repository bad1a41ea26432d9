import { useQuery } from "@tanstack/react-query";

import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { toast } from "@/state/toasts";
import { s } from "@/strings";
import { bytes } from "@/strings/format";
import { planTrash, useTrash } from "./duplicates";

interface TrashDialogProps {
  ids: number[];
  /** `gone`: files have moved. */
  onClose: (gone: boolean) => void;
}

/** Names the files before anything moves, and afterwards those that stayed. */
export function TrashDialog({ ids, onClose }: TrashDialogProps) {
  const plan = useQuery({ queryKey: ["trash plan", ids], queryFn: () => planTrash(ids), gcTime: 0 });
  const trash = useTrash();
  const refused = trash.data?.refused ?? [];
  const go = () => {
    if (!plan.data) return;
    trash.mutate(
      { ids, token: plan.data.token },
      {
        onSuccess: (result) => {
          toast(s.duplicates.moved(result.moved.length));
          if (result.refused.length === 0) onClose(true);
        },
      },
    );
  };
  return (
    <Dialog
      wide
      title={s.duplicates.question(ids.length)}
      onClose={() => onClose(trash.isSuccess)}
      actions={
        trash.isSuccess ? (
          <Button onClick={() => onClose(true)}>{s.common.close}</Button>
        ) : (
          <>
            <Button onClick={() => onClose(false)}>{s.common.cancel}</Button>
            <Button look="danger" disabled={!plan.data || trash.isPending} onClick={go}>
              {s.duplicates.trash(ids.length)}
            </Button>
          </>
        )
      }
    >
      {plan.error && !trash.isSuccess && <ErrorState error={plan.error} retry={() => void plan.refetch()} />}
      {plan.isLoading && <SkeletonLines lines={4} />}
      {plan.data && !trash.isSuccess && (
        <>
          <p className="mb-3 text-sm text-ink-soft">{s.duplicates.questionHint(bytes(plan.data.bytes))}</p>
          <Files files={plan.data.files} />
        </>
      )}
      {refused.length > 0 && (
        <>
          <p className="mb-3 text-sm text-danger">{s.duplicates.stayed(refused.length)}</p>
          <Files files={refused} />
        </>
      )}
    </Dialog>
  );
}

function Files({ files }: { files: readonly { id: number; path: string; problem: string }[] }) {
  return (
    <ul className="space-y-1 text-sm">
      {files.map((file) => (
        <li key={file.id} className="break-all">
          {file.path}
          {file.problem && <span className="block text-ink-faint">{file.problem}</span>}
        </li>
      ))}
    </ul>
  );
}
