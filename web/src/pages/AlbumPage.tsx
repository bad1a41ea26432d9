import { ArrowLeft, CalendarArrowDown, CalendarArrowUp, EllipsisVertical, Images, Pencil, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";

import { useAlbum, useDeleteAlbum, useRenameAlbum } from "@/albums/albums";
import { NameDialog } from "@/albums/NameDialog";
import { navigate, paths, useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { PhotoResults } from "@/photos/PhotoResults";
import type { Question } from "@/state/results";
import { s } from "@/strings";

export default function AlbumPage({ id }: { id: number }) {
  const { data: album, error, refetch } = useAlbum(id);
  const remove = useDeleteAlbum();
  const rename = useRenameAlbum(id);
  const [renaming, setRenaming] = useState(false);
  const [parameters, change] = useParameters();
  const sort = parameters.get("sort") === "newest" ? "newest" : "oldest";
  const question = useMemo<Question>(() => ({ filters: { album: id }, sort }), [id, sort]);
  if (error && !album)
    return (
      <>
        <PageHeader title={s.nav.albums} />
        <ErrorState error={error} retry={() => void refetch()} />
      </>
    );
  return (
    <>
      <PageHeader
        title={
          <span className="flex min-w-0 items-center gap-1">
            <IconButton icon={ArrowLeft} label={s.albumsPage.back} onClick={() => navigate(paths.albums)} />
            <span className="truncate">{album?.name ?? ""}</span>
          </span>
        }
        note={album && s.common.photos(album.images)}
        actions={
          album && (
            <Menu
              label={s.albumsPage.more(album.name)}
              icon={EllipsisVertical}
              items={[
                sort === "oldest"
                  ? {
                      label: s.albumsPage.newestFirst,
                      icon: CalendarArrowDown,
                      onSelect: () => change({ sort: "newest" }, { replace: true }),
                    }
                  : {
                      label: s.albumsPage.oldestFirst,
                      icon: CalendarArrowUp,
                      onSelect: () => change({ sort: null }, { replace: true }),
                    },
                { label: s.albumsPage.rename, icon: Pencil, onSelect: () => setRenaming(true) },
                {
                  label: s.albumsPage.delete,
                  icon: Trash2,
                  danger: true,
                  onSelect: () => {
                    remove.mutate(album);
                    navigate(paths.albums);
                  },
                },
              ]}
            />
          )
        }
      />
      <PhotoResults
        question={question}
        empty={
          <EmptyState
            icon={Images}
            title={s.albumsPage.empty}
            actions={
              <Button look="primary" onClick={() => navigate(paths.photos)}>
                {s.albumsPage.toPhotos}
              </Button>
            }
          >
            <p>{s.albumsPage.emptyHint}</p>
          </EmptyState>
        }
      />
      {renaming && album && (
        <NameDialog
          title={s.albumsPage.renameTitle}
          label={s.albumsPage.name}
          action={s.common.save}
          name={album.name}
          onName={(name) => rename.mutateAsync(name)}
          onClose={() => setRenaming(false)}
        />
      )}
    </>
  );
}
