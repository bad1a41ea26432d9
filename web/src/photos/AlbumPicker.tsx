import { useQueryClient } from "@tanstack/react-query";
import { LibraryBig, Plus } from "lucide-react";
import { useState } from "react";

import { answered, client } from "@/api/client";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { SkeletonLines } from "@/components/Skeleton";
import { toastError } from "@/state/toasts";
import { s } from "@/strings";
import { useCuration } from "./useCuration";
import { useAlbums } from "./useNames";

interface AlbumPickerProps {
  ids: readonly number[];
  onClose: () => void;
  onDone?: () => void;
}

/** Put photos into an album that is there, or into a new one. */
export function AlbumPicker({ ids, onClose, onDone }: AlbumPickerProps) {
  const { data } = useAlbums();
  const queries = useQueryClient();
  const curation = useCuration(null);
  const [name, setName] = useState("");
  const matching =
    data?.albums.filter(
      (album) => album.query === null && album.name.toLowerCase().includes(name.trim().toLowerCase()),
    ) ?? [];
  const put = async (album: { id: number; name: string }) => {
    onClose();
    await curation.inAlbum(album, ids, true);
    onDone?.();
  };
  const make = async () => {
    try {
      const album = await answered(client.POST("/api/v1/albums", { body: { name: name.trim() } }));
      await queries.invalidateQueries({ queryKey: ["albums"] });
      await put(album);
    } catch (error) {
      toastError(error);
    }
  };
  const exact = matching.find((album) => album.name === name.trim());
  return (
    <Dialog title={s.albums.pick(ids.length)} onClose={onClose}>
      <form
        className="flex gap-2 text-ink"
        onSubmit={(event) => {
          event.preventDefault();
          if (exact) void put(exact);
          else if (name.trim()) void make();
        }}
      >
        <input
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={200}
          aria-label={s.albums.name}
          placeholder={s.albums.name}
          className="h-10 min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3"
        />
        {!exact && (
          <Button look="primary" type="submit" icon={Plus} disabled={!name.trim()}>
            {s.albums.make}
          </Button>
        )}
      </form>
      {data ? (
        <ul className="mt-3 text-ink">
          {matching.map((album) => (
            <li key={album.id}>
              <button
                type="button"
                onClick={() => void put(album)}
                className="flex w-full items-center gap-3 rounded-lg px-2 py-2 text-left hover:bg-hover"
              >
                <LibraryBig size={18} aria-hidden="true" className="text-ink-faint" />
                <span className="min-w-0 flex-1 truncate">{album.name}</span>
                <span className="text-sm text-ink-faint">{s.common.photos(album.images)}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <SkeletonLines />
      )}
    </Dialog>
  );
}
