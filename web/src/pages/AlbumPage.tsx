import {
  ArrowLeft,
  CalendarArrowDown,
  CalendarArrowUp,
  EllipsisVertical,
  Images,
  Pencil,
  Sparkles,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import { useMemo, useState } from "react";

import { useMay } from "@/access/session";
import { useAlbum, useDeleteAlbum } from "@/albums/albums";
import { AlbumDialog } from "@/albums/AlbumDialog";
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
  const may = useMay("write");
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
        note={album && !album.problem && s.common.photos(album.images)}
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
                ...(may
                  ? [
                      {
                        label: album.query === null ? s.albumsPage.rename : s.albumsPage.change,
                        icon: Pencil,
                        onSelect: () => setRenaming(true),
                      },
                      {
                        label: s.albumsPage.delete,
                        icon: Trash2,
                        danger: true,
                        onSelect: () => {
                          remove.mutate(album);
                          navigate(paths.albums);
                        },
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      />
      {album && album.query !== null && (
        <p className="flex items-center gap-2 px-4 pt-3 text-sm text-ink-soft md:px-6">
          <Sparkles size={15} aria-hidden="true" className="shrink-0 text-accent" />
          <span className="min-w-0 truncate">
            {s.albumsPage.holds} <code className="rounded bg-surface px-1.5 py-0.5">{album.query}</code>
          </span>
        </p>
      )}
      {album?.problem ? (
        <EmptyState
          icon={TriangleAlert}
          title={s.albumsPage.broken}
          actions={
            <Button look="primary" onClick={() => setRenaming(true)}>
              {s.albumsPage.change}
            </Button>
          }
        >
          <p>{album.problem}</p>
        </EmptyState>
      ) : (
        <AlbumPhotos key={album?.query} question={question} smart={typeof album?.query === "string"} />
      )}
      {renaming && album && <AlbumDialog album={album} onClose={() => setRenaming(false)} />}
    </>
  );
}

function AlbumPhotos({ question, smart }: { question: Question; smart: boolean }) {
  return (
    <PhotoResults
      question={question}
      empty={
        <EmptyState
          icon={Images}
          title={smart ? s.albumsPage.emptySmart : s.albumsPage.empty}
          actions={
            <Button look="primary" onClick={() => navigate(paths.photos)}>
              {s.albumsPage.toPhotos}
            </Button>
          }
        >
          <p>{smart ? s.albumsPage.emptySmartHint : s.albumsPage.emptyHint}</p>
        </EmptyState>
      }
    />
  );
}
