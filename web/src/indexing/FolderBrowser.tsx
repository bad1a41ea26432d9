import { ChevronRight, CircleCheck, CornerLeftUp, Folder as FolderIcon } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import { useFolder } from "./indexing";
import { messageOf } from "@/api/errors";
import { Button, IconButton } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { SkeletonLines } from "@/components/Skeleton";
import { s } from "@/strings";

const t = s.indexing.browser;

interface FolderBrowserProps {
  /** Rejects with what is shown in the dialog. */
  onAdd: (path: string, recursive: boolean) => Promise<void>;
  onClose: () => void;
}

/** The folders of the server's machine, as far as it lets one look. */
export function FolderBrowser({ onAdd, onClose }: FolderBrowserProps) {
  const [path, setPath] = useState<string | null>(null);
  const [recursive, setRecursive] = useState(true);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const { data: folder, error, isPlaceholderData } = useFolder(path);
  const list = useRef<HTMLUListElement>(null);
  const shown = error ? null : folder;
  const here = shown?.path ?? null;

  const go = (to: string | null) => {
    setRefusal(null);
    setPath(to);
  };
  useEffect(() => {
    // Whoever walks by keyboard goes on in the folder just opened.
    if (here !== null && document.activeElement === document.body) list.current?.querySelector("button")?.focus();
  }, [here]);
  const add = async () => {
    if (here === null) return;
    setBusy(true);
    try {
      await onAdd(here, recursive);
      onClose();
    } catch (reason) {
      setRefusal(reason);
      setBusy(false);
    }
  };
  const problem: unknown = refusal ?? error;
  return (
    <Dialog
      wide
      title={t.title}
      onClose={onClose}
      actions={
        <>
          <label className="mr-auto flex items-center gap-2 text-sm">
            <input type="checkbox" checked={recursive} onChange={(event) => setRecursive(event.target.checked)} />
            {t.recursive}
          </label>
          <Button look="primary" disabled={here === null || busy} onClick={() => void add()}>
            <span className="max-w-40 truncate">{here === null ? t.choose : t.add(lastPart(here))}</span>
          </Button>
        </>
      }
    >
      <PathField
        key={here}
        path={here ?? ""}
        up={shown?.parent ?? null}
        onGo={go}
        onUp={() => go(shown?.parent ?? null)}
      />
      {problem !== null && problem !== undefined && (
        <p role="alert" className="mt-2 rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          {messageOf(problem)}
        </p>
      )}
      <div className="mt-3 h-72 overflow-y-auto rounded-xl border border-line" aria-busy={isPlaceholderData}>
        {folder === undefined && !error ? (
          <div className="p-4">
            <SkeletonLines />
          </div>
        ) : (
          <ul ref={list} aria-label={t.label} onKeyDown={onArrows} className="p-1">
            {shown?.folders.map((one) => (
              <li key={one.path}>
                <button
                  type="button"
                  onClick={() => go(one.path)}
                  className="flex w-full items-center gap-3 rounded-lg px-3 py-2 text-left hover:bg-hover"
                >
                  <FolderIcon size={18} className="shrink-0 text-accent" aria-hidden="true" />
                  <span className="min-w-0 flex-1 truncate">{one.name}</span>
                  {one.indexed && (
                    <span className="flex items-center gap-1 text-xs text-good">
                      <CircleCheck size={14} aria-hidden="true" />
                      {t.indexed}
                    </span>
                  )}
                  <ChevronRight size={16} className="shrink-0 text-ink-faint" aria-hidden="true" />
                </button>
              </li>
            ))}
            {shown?.folders.length === 0 && <li className="px-3 py-6 text-center text-ink-faint">{t.none}</li>}
          </ul>
        )}
      </div>
      {folder && folder.allowed.length > 0 && <p className="mt-2 text-xs text-ink-faint">{t.limits(folder.allowed)}</p>}
    </Dialog>
  );
}

interface PathFieldProps {
  path: string;
  up: string | null;
  onGo: (path: string) => void;
  onUp: () => void;
}

function PathField({ path, up, onGo, onUp }: PathFieldProps) {
  return (
    <form
      className="flex items-center gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get("path") as string;
        if (typed.trim()) onGo(typed.trim());
      }}
    >
      <IconButton icon={CornerLeftUp} label={t.up} disabled={up === null} onClick={onUp} />
      <input
        name="path"
        aria-label={t.path}
        defaultValue={path}
        spellCheck={false}
        autoComplete="off"
        className="h-10 min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3 font-mono text-sm"
      />
      <IconButton icon={ChevronRight} label={t.typed} type="submit" />
    </form>
  );
}

/** Up and down walk through the list. */
function onArrows(event: KeyboardEvent<HTMLUListElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const all = [...event.currentTarget.querySelectorAll("button")];
  all[all.indexOf(document.activeElement as HTMLButtonElement) + step]?.focus();
  event.preventDefault();
}

function lastPart(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;
}
