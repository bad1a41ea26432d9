import { useId, useState, type ReactNode, type SyntheticEvent } from "react";

import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { messageOf } from "@/api/errors";
import { s } from "@/strings";

interface FormDialogProps {
  title: string;
  /** What the button says. */
  action: string;
  /** The action takes something away. */
  danger?: boolean;
  /** Something is still to be filled in. */
  disabled?: boolean;
  onClose: () => void;
  /** Rejects with what is then said below the fields. Whether the dialog closes afterwards is its caller's business. */
  onSubmit: () => unknown;
  /** The fields. Given the id of what the server refused them with, while that is shown. */
  children: ReactNode | ((refusal: string | undefined) => ReactNode);
}

/** A few fields; stays open while the server refuses them. */
export function FormDialog({
  title,
  action,
  danger = false,
  disabled = false,
  onClose,
  onSubmit,
  children,
}: FormDialogProps) {
  const form = useId();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (disabled || busy) return;
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };
  const refusal = error === null ? undefined : `${form}-refusal`;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button look="quiet" onClick={onClose}>
            {s.common.cancel}
          </Button>
          <Button look={danger ? "danger" : "primary"} type="submit" form={form} disabled={busy || disabled}>
            {action}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={(event) => void submit(event)} onChange={() => setError(null)}>
        {typeof children === "function" ? children(refusal) : children}
        {error !== null && (
          <p id={refusal} role="alert" className="mt-2 text-sm whitespace-pre-wrap text-danger">
            {messageOf(error)}
          </p>
        )}
      </form>
    </Dialog>
  );
}
