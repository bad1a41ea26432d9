import { EllipsisVertical, LibraryBig, Pencil, Plus, Sparkles, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";

import { useMay } from "@/access/session";
import { useAddAlbum, useAlbums, useDeleteAlbum } from "@/albums/albums";
import { AlbumDialog } from "@/albums/AlbumDialog";
import { NameDialog } from "@/albums/NameDialog";
import { Proposals } from "@/albums/Proposals";
import type { Album } from "@/api/types";
import { navigate, paths } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { Skeleton } from "@/components/Skeleton";
import { Thumbnail } from "@/grid/PhotoTile";
import { s } from "@/strings";

const COLUMNS = "grid grid-cols-[repeat(auto-fill,minmax(min(11rem,40vw),1fr))] gap-x-4 gap-y-6 p-4 md:p-6";

export default function AlbumsPage() {
  const { data, error, refetch } = useAlbums();
  const albums = data?.albums;
  const add = useAddAlbum();
  const [making, setMaking] = useState(false);
  const may = useMay("write");
  const button = may && (
    <Button look="primary" icon={Plus} onClick={() => setMaking(true)}>
      {s.albumsPage.new}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={s.nav.albums}
        note={albums && albums.length > 0 && s.albumsPage.count(albums.length)}
        actions={albums && albums.length > 0 && button}
      />
      {error && !albums ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : !albums ? (
        <div className={COLUMNS}>
          {[0, 1, 2, 3, 4].map((index) => (
            <Skeleton key={index} className="aspect-square w-full rounded-2xl" />
          ))}
        </div>
      ) : albums.length === 0 ? (
        <EmptyState icon={LibraryBig} title={s.albumsPage.none} actions={button}>
          <p>{s.albumsPage.noneHint}</p>
        </EmptyState>
      ) : (
        <ul className={COLUMNS}>
          {albums.map((album) => (
            <AlbumTile key={album.id} album={album} />
          ))}
        </ul>
      )}
      <Proposals columns={COLUMNS} />
      {making && (
        <NameDialog
          title={s.albumsPage.new}
          label={s.albumsPage.name}
          placeholder={s.albumsPage.placeholder}
          action={s.albumsPage.make}
          onName={(name) => add.mutateAsync(name).then((made) => navigate(paths.album(made.id)))}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  );
}

function AlbumTile({ album }: { album: Album }) {
  const may = useMay("write");
  const remove = useDeleteAlbum();
  const [renaming, setRenaming] = useState(false);
  return (
    <li className="relative">
      <Link href={paths.album(album.id)} className="group block rounded-2xl">
        <span className="block aspect-square overflow-hidden rounded-2xl bg-surface transition group-hover:brightness-95">
          {album.cover === null ? (
            <span className="flex size-full items-center justify-center text-ink-faint">
              {album.query === null ? (
                <LibraryBig size={40} strokeWidth={1.25} aria-hidden="true" />
              ) : (
                <Sparkles size={40} strokeWidth={1.25} aria-hidden="true" />
              )}
            </span>
          ) : (
            <Thumbnail url={`/api/v1/images/${album.cover}/thumbnail`} />
          )}
        </span>
        <span className="mt-2 flex items-center gap-1.5 pr-9 font-medium">
          {album.query !== null && (
            <Sparkles size={15} role="img" aria-label={s.albumsPage.smart} className="shrink-0 text-accent" />
          )}
          <span className="truncate">{album.name}</span>
        </span>
        <span className={`block text-sm ${album.problem ? "text-warn" : "text-ink-faint"}`}>
          {album.problem ? s.albumsPage.broken : s.common.photos(album.images)}
        </span>
      </Link>
      {may && (
        <Menu
          label={s.albumsPage.more(album.name)}
          icon={EllipsisVertical}
          className="absolute! right-0 bottom-1"
          items={[
            {
              label: album.query === null ? s.albumsPage.rename : s.albumsPage.change,
              icon: Pencil,
              onSelect: () => setRenaming(true),
            },
            { label: s.albumsPage.delete, icon: Trash2, danger: true, onSelect: () => remove.mutate(album) },
          ]}
        />
      )}
      {renaming && <AlbumDialog album={album} onClose={() => setRenaming(false)} />}
    </li>
  );
}
