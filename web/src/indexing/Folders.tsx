import { EllipsisVertical, Folder, FolderPlus, FolderX, Images, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";

import { useErase, useRemoveRoot, type Runs } from "./indexing";
import { messageOf } from "@/api/errors";
import type { IndexedFolder } from "@/api/types";
import { navigate, paths, withParameters } from "@/app/navigation";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Menu } from "@/components/Menu";
import { EraseDialog } from "@/people/EraseDialog";
import { s } from "@/strings";

const t = s.indexing.folders;

interface FoldersProps {
  folders: readonly IndexedFolder[];
  running: boolean;
  runs: Runs;
  onAdd: () => void;
}

/** The indexed folders, to add to and to take from. */
export function Folders({ folders, running, runs, onAdd }: FoldersProps) {
  const [removing, setRemoving] = useState<IndexedFolder | null>(null);
  const [erasing, setErasing] = useState<IndexedFolder | null>(null);
  const erase = useErase();
  return (
    <section aria-labelledby="folders">
      <div className="mb-2 flex items-end gap-3">
        <div className="flex-1">
          <h2 id="folders" className="font-semibold">
            {t.title}
          </h2>
          <p className="text-sm text-ink-soft">{t.hint}</p>
        </div>
        <Button look="primary" icon={FolderPlus} onClick={onAdd}>
          {t.add}
        </Button>
      </div>
      <ul className="divide-y divide-line rounded-2xl border border-line">
        {folders.map((folder) => (
          <li key={folder.path} className="flex items-center gap-3 py-2 pr-2 pl-4">
            {folder.available ? (
              <Folder size={20} className="shrink-0 text-accent" aria-hidden="true" />
            ) : (
              <FolderX size={20} className="shrink-0 text-warn" aria-hidden="true" />
            )}
            <div className="min-w-0 flex-1">
              <p className="font-medium break-words">{folder.path}</p>
              <p className="text-sm text-ink-faint">
                {s.common.photos(folder.images)}
                {!folder.recursive && ` · ${t.onlyThis}`}
                {!folder.available && (
                  <span className="text-warn" title={t.awayHint}>
                    {` · ${t.away}. ${t.awayHint}`}
                  </span>
                )}
              </p>
            </div>
            <Menu
              label={t.more(folder.path)}
              icon={EllipsisVertical}
              items={[
                {
                  label: t.show,
                  icon: Images,
                  onSelect: () => navigate(withParameters(paths.photos, "", { folder: folder.path })),
                },
                ...(running ? [] : [{ label: t.look, icon: RefreshCw, onSelect: () => runs.scan([folder.path]) }]),
                { label: t.remove, icon: FolderX, danger: true, onSelect: () => setRemoving(folder) },
                { label: s.indexing.erase.item, icon: Trash2, danger: true, onSelect: () => setErasing(folder) },
              ]}
            />
          </li>
        ))}
      </ul>
      {erasing && (
        <EraseDialog
          title={s.indexing.erase.title}
          hint={s.indexing.erase.hint(erasing.path, erasing.images)}
          word={folderName(erasing.path)}
          action={s.indexing.erase.action}
          onErase={() => {
            erase.mutate(erasing.path);
            setErasing(null);
          }}
          onClose={() => setErasing(null)}
        />
      )}
      {removing && <RemoveDialog folder={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

/** The last part of a path: what has to be typed. */
function folderName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== "") ?? path;
}

function RemoveDialog({ folder, onClose }: { folder: IndexedFolder; onClose: () => void }) {
  const remove = useRemoveRoot();
  return (
    <Dialog
      title={s.indexing.remove.title}
      onClose={onClose}
      actions={
        <>
          <Button look="quiet" onClick={onClose}>
            {s.common.cancel}
          </Button>
          <Button
            look="danger"
            disabled={remove.isPending}
            onClick={() => remove.mutate(folder.path, { onSuccess: onClose })}
          >
            {s.indexing.remove.action}
          </Button>
        </>
      }
    >
      <p className="font-medium break-words">{folder.path}</p>
      <p className="mt-3">{s.indexing.remove.forgets(folder.images)}</p>
      <p className="mt-2 text-ink-soft">{s.indexing.remove.keeps}</p>
      {remove.error && (
        <p role="alert" className="mt-3 text-sm text-danger">
          {messageOf(remove.error)}
        </p>
      )}
    </Dialog>
  );
}
