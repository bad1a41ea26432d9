import { useId, useState, type SyntheticEvent } from "react";

import { messageOf } from "@/api/errors";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { s } from "@/strings";

interface NameDialogProps {
  title: string;
  label: string;
  placeholder?: string;
  /** What the button says. */
  action: string;
  name?: string;
  /** No name will do. */
  optional?: boolean;
  /** What a smart album asks; given, it can be changed too. */
  query?: string;
  /** Names that are known, offered while one types. */
  suggestions?: readonly string[];
  /** Rejects with an error that is shown beside the name. */
  onName: (name: string, query: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for a name, and for the query of a smart album; stays open while the server refuses it. */
export function NameDialog({
  title,
  label,
  placeholder,
  action,
  name = "",
  optional = false,
  query,
  suggestions = [],
  onName,
  onClose,
}: NameDialogProps) {
  const [text, setText] = useState(name);
  const [asked, setAsked] = useState(query ?? "");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const form = useId();
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onName(text.trim(), asked.trim());
      onClose();
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button look="quiet" onClick={onClose}>
            {s.common.cancel}
          </Button>
          <Button
            look="primary"
            type="submit"
            form={form}
            disabled={busy || (text.trim() === "" && !optional) || (query !== undefined && asked.trim() === "")}
          >
            {action}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={(event) => void submit(event)}>
        <label className="block text-sm font-medium">
          {label}
          <input
            autoFocus
            value={text}
            maxLength={200}
            placeholder={placeholder}
            list={suggestions.length > 0 ? `${form}-names` : undefined}
            aria-invalid={error !== null}
            aria-describedby={error === null ? undefined : `${form}-error`}
            onFocus={(event) => event.target.select()}
            onChange={(event) => {
              setText(event.target.value);
              setError(null);
            }}
            className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal aria-invalid:border-danger"
          />
        </label>
        {query !== undefined && (
          <label className="mt-4 block text-sm font-medium">
            {s.albumsPage.query}
            <input
              value={asked}
              maxLength={1000}
              spellCheck={false}
              aria-describedby={`${form}-hint`}
              onChange={(event) => {
                setAsked(event.target.value);
                setError(null);
              }}
              className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal"
            />
            <span id={`${form}-hint`} className="mt-1 block font-normal text-ink-faint">
              {s.albumsPage.queryHint}
            </span>
          </label>
        )}
        {suggestions.length > 0 && (
          <datalist id={`${form}-names`}>
            {suggestions.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        )}
        {error !== null && (
          <p id={`${form}-error`} role="alert" className="mt-2 text-sm whitespace-pre-wrap text-danger">
            {messageOf(error)}
          </p>
        )}
      </form>
    </Dialog>
  );
}
