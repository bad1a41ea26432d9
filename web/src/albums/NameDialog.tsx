import { useId, useState } from "react";

import { FormDialog } from "@/components/FormDialog";
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
  /** What to say of a name while one types. */
  hint?: (name: string) => string | null;
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
  hint,
  onName,
  onClose,
}: NameDialogProps) {
  const [text, setText] = useState(name);
  const [asked, setAsked] = useState(query ?? "");
  const list = useId();
  const missing = (text.trim() === "" && !optional) || (query !== undefined && asked.trim() === "");
  const told = hint?.(text.trim()) ?? null;
  return (
    <FormDialog
      title={title}
      action={action}
      disabled={missing}
      onClose={onClose}
      onSubmit={async () => {
        await onName(text.trim(), asked.trim());
        onClose();
      }}
    >
      {(refusal) => (
        <>
          <label className="block text-sm font-medium">
            {label}
            <input
              autoFocus
              value={text}
              maxLength={200}
              placeholder={placeholder}
              list={suggestions.length > 0 ? `${list}-names` : undefined}
              aria-invalid={refusal !== undefined}
              aria-describedby={refusal ?? (told === null ? undefined : `${list}-told`)}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setText(event.target.value)}
              className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal aria-invalid:border-danger"
            />
          </label>
          {told !== null && (
            <p id={`${list}-told`} role="status" className="mt-1 text-sm text-ink-soft">
              {told}
            </p>
          )}
          {query !== undefined && (
            <label className="mt-4 block text-sm font-medium">
              {s.albumsPage.query}
              <input
                value={asked}
                maxLength={1000}
                spellCheck={false}
                aria-describedby={`${list}-hint`}
                onChange={(event) => setAsked(event.target.value)}
                className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal"
              />
              <span id={`${list}-hint`} className="mt-1 block font-normal text-ink-faint">
                {s.albumsPage.queryHint}
              </span>
            </label>
          )}
          {suggestions.length > 0 && (
            <datalist id={`${list}-names`}>
              {suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </FormDialog>
  );
}
