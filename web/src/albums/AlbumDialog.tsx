import type { Album } from "@/api/types";
import { s } from "@/strings";
import { useChangeSmartAlbum, useRenameAlbum } from "./albums";
import { NameDialog } from "./NameDialog";

/** Another name for an album, and for a smart one another query. */
export function AlbumDialog({ album, onClose }: { album: Album; onClose: () => void }) {
  const rename = useRenameAlbum(album.id);
  const change = useChangeSmartAlbum(album.id);
  const smart = album.query !== null;
  return (
    <NameDialog
      title={smart ? s.albumsPage.changeTitle : s.albumsPage.renameTitle}
      label={s.albumsPage.name}
      action={s.common.save}
      name={album.name}
      {...(album.query !== null && { query: album.query })}
      onName={(name, query) => (smart ? change.mutateAsync({ name, query }) : rename.mutateAsync(name))}
      onClose={onClose}
    />
  );
}
