import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { toastError } from "@/state/toasts";
import { s } from "@/strings";
import { downloadExport, type ExportFormat } from "./download";

const KINDS = ["originals", "previews", "csv", "json"] as const;
type Kind = (typeof KINDS)[number];

/** Save the selected photos, or a list of them. */
export function ExportDialog({ ids, onClose }: { ids: readonly number[]; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>("originals");
  const save = useMutation({
    mutationFn: () => {
      const format: ExportFormat = kind === "csv" || kind === "json" ? kind : "zip";
      return downloadExport(
        { filters: { ids: [...ids] } },
        format,
        kind === "previews" ? "previews" : "originals",
        ids.length,
      );
    },
    onSuccess: onClose,
    onError: toastError,
  });
  return (
    <Dialog
      title={s.exporting.title(ids.length)}
      onClose={onClose}
      actions={
        <Button look="primary" disabled={save.isPending} onClick={() => save.mutate()}>
          {save.isPending ? s.exporting.working : s.exporting.save}
        </Button>
      }
    >
      <fieldset className="space-y-1">
        <legend className="sr-only">{s.exporting.what}</legend>
        {KINDS.map((choice) => (
          <label key={choice} className="flex cursor-pointer items-center gap-3 rounded-lg px-2 py-2 hover:bg-hover">
            <input
              type="radio"
              name="kind"
              checked={kind === choice}
              onChange={() => setKind(choice)}
              className="size-4 accent-accent-strong"
            />
            <span>
              {s.exporting.kinds[choice]}
              <span className="block text-sm text-ink-faint">{s.exporting.hints[choice]}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
