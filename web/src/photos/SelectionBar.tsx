import { Download, EyeOff, Eye, FolderMinus, LibraryBig, Star, Tag, X } from "lucide-react";
import { useState } from "react";

import { useMay } from "@/access/session";
import { useAlbum } from "@/albums/albums";
import type { Album } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { Menu } from "@/components/Menu";
import { Dialog } from "@/components/Dialog";
import type { Results } from "@/state/results";
import type { Selection } from "@/state/selection";
import { s } from "@/strings";
import { AlbumPicker } from "./AlbumPicker";
import { ExportDialog } from "./ExportDialog";
import { useCuration } from "./useCuration";

interface SelectionBarProps {
  results: Results;
  selection: Selection;
  /** The photos shown are the hidden ones: they can be shown again. */
  hidden?: boolean;
  /** The photos shown are those of this album: they can be taken out of it. */
  album?: number | null;
}

/** What can be done with the selected photos. */
export function SelectionBar({ results, selection, hidden = false, album = null }: SelectionBarProps) {
  const [dialog, setDialog] = useState<"albums" | "tag" | "export" | null>(null);
  const curation = useCuration(results);
  const may = useMay("write");
  const ids = [...selection.ids];
  const close = () => setDialog(null);
  return (
    <>
      <div
        role="toolbar"
        aria-label={s.selection.label}
        className="fixed inset-x-3 bottom-20 z-30 mx-auto flex max-w-xl animate-rise items-center gap-0.5 rounded-2xl border border-line bg-raised p-1.5 shadow-float md:bottom-6 md:gap-1"
      >
        <IconButton icon={X} label={s.selection.clear} onClick={selection.clear} />
        <span className="mr-auto font-medium whitespace-nowrap" aria-live="polite">
          {s.selection.count(ids.length)}
        </span>
        {may && album !== null && (
          <TakeOut
            album={album}
            onTakeOut={(shown) => {
              selection.clear();
              void curation.inAlbum(shown, ids, false, true);
            }}
          />
        )}
        {may && (
          <>
            <IconButton icon={LibraryBig} label={s.selection.album} onClick={() => setDialog("albums")} />
            <IconButton icon={Tag} label={s.selection.tag} onClick={() => setDialog("tag")} />
            <Menu
              label={s.selection.rate}
              icon={Star}
              up
              items={[5, 4, 3, 2, 1, null].map((stars) => ({
                label: stars === null ? s.selection.noRating : s.viewer.stars(stars),
                onSelect: () => void curation.rateAll(ids, stars),
              }))}
            />
          </>
        )}
        <IconButton icon={Download} label={s.selection.export} onClick={() => setDialog("export")} />
        {may && (
          <IconButton
            icon={hidden ? Eye : EyeOff}
            label={hidden ? s.selection.unhide : s.selection.hide}
            onClick={() => {
              selection.clear();
              void curation.hide(ids, !hidden);
            }}
          />
        )}
      </div>
      {dialog === "albums" && <AlbumPicker ids={ids} onClose={close} onDone={selection.clear} />}
      {dialog === "tag" && (
        <TagDialog
          count={ids.length}
          onClose={close}
          onTag={(name, on) => {
            close();
            void (on ? curation.tag(ids, name) : curation.untag(ids, name)).then(selection.clear);
          }}
        />
      )}
      {dialog === "export" && <ExportDialog ids={ids} onClose={close} />}
    </>
  );
}

function TakeOut({ album, onTakeOut }: { album: number; onTakeOut: (album: Album) => void }) {
  const { data } = useAlbum(album);
  if (!data) return null;
  if (data.query !== null) return null;
  return <IconButton icon={FolderMinus} label={s.albums.takeOut(data.name)} onClick={() => onTakeOut(data)} />;
}

interface TagDialogProps {
  count: number;
  onClose: () => void;
  /** The tag is put on all photos, or taken off them. */
  onTag: (name: string, on: boolean) => void;
}

function TagDialog({ count, onClose, onTag }: TagDialogProps) {
  const [name, setName] = useState("");
  return (
    <Dialog title={s.tags.addTo(count)} onClose={onClose}>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) onTag(name.trim(), true);
        }}
      >
        <input
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={200}
          aria-label={s.tags.add}
          placeholder={s.tags.add}
          className="h-10 min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3"
        />
        <Button look="primary" type="submit" disabled={!name.trim()}>
          {s.viewer.add}
        </Button>
        <Button disabled={!name.trim()} onClick={() => onTag(name.trim(), false)}>
          {s.tags.takeOff}
        </Button>
      </form>
    </Dialog>
  );
}
