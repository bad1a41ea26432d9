import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookmarkPlus, Undo2, X } from "lucide-react";

import { useMay } from "@/access/session";
import { answered, client } from "@/api/client";
import { navigate, paths } from "@/app/navigation";
import { Button, IconButton } from "@/components/Button";
import { Thumbnail } from "@/grid/PhotoTile";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

/** Albums that might be made: this day in other years, trips, events, people. One click keeps one, another dismisses it for good. */
export function Proposals({ columns }: { columns: string }) {
  const queries = useQueryClient();
  const may = useMay("write");
  const { data } = useQuery({
    queryKey: ["albums", "proposals"],
    queryFn: () => answered(client.GET("/api/v1/proposals")),
  });
  const { data: away } = useQuery({
    queryKey: ["albums", "proposals", "dismissed"],
    queryFn: () => answered(client.GET("/api/v1/proposals", { params: { query: { dismissed: true } } })),
    enabled: may,
  });
  const keep = useMutation({
    mutationFn: (key: string) => answered(client.POST("/api/v1/proposals/{key}", { params: { path: { key } } })),
    onSuccess: (album) => {
      navigate(paths.album(album.id));
      return queries.invalidateQueries({ queryKey: ["albums"] });
    },
    onError: toastError,
  });
  const again = () => queries.invalidateQueries({ queryKey: ["albums", "proposals"] });
  const restore = useMutation({
    mutationFn: (key: string) =>
      answered(client.POST("/api/v1/proposals/{key}/restore", { params: { path: { key } } })),
    onSuccess: again,
    onError: toastError,
  });
  const dismiss = useMutation({
    mutationFn: ({ key }: { key: string; name: string }) =>
      answered(client.DELETE("/api/v1/proposals/{key}", { params: { path: { key } } })),
    onSuccess: (_, { key, name }) => {
      toast(s.albumsPage.dismissed(name), () => restore.mutate(key));
      return again();
    },
    onError: toastError,
  });
  const dismissed = (may && away?.proposals) || [];
  if (!data || data.proposals.length + dismissed.length === 0) return null;
  return (
    <section aria-labelledby="proposals">
      <h2 id="proposals" className="px-4 pt-4 text-lg font-semibold md:px-6">
        {s.albumsPage.forYou}
      </h2>
      <ul className={columns}>
        {data.proposals.map((proposal) => (
          <li key={proposal.key} className="flex flex-col">
            <span className="block aspect-square overflow-hidden rounded-2xl bg-surface">
              <Thumbnail url={`/api/v1/images/${proposal.cover}/thumbnail`} />
            </span>
            <span className="mt-2 block font-medium text-balance">{proposal.name}</span>
            <span className="block text-sm text-ink-faint">{s.common.photos(proposal.images)}</span>
            {may && (
              <span className="mt-2 flex items-center gap-1">
                <Button
                  icon={BookmarkPlus}
                  aria-label={s.albumsPage.keepNamed(proposal.name)}
                  disabled={keep.isPending}
                  onClick={() => keep.mutate(proposal.key)}
                >
                  {s.albumsPage.keep}
                </Button>
                <IconButton
                  icon={X}
                  label={s.albumsPage.dismissNamed(proposal.name)}
                  disabled={dismiss.isPending}
                  onClick={() => dismiss.mutate(proposal)}
                />
              </span>
            )}
          </li>
        ))}
      </ul>
      {dismissed.length > 0 && (
        <details className="mx-4 mb-4 text-sm md:mx-6">
          <summary className="py-1 text-ink-soft">{s.albumsPage.dismissedCount(dismissed.length)}</summary>
          <ul>
            {dismissed.map(({ key, name, images }) => (
              <li key={key} className="flex flex-wrap items-center gap-x-3 py-1">
                <span>{name}</span>
                <span className="text-ink-faint">{s.common.photos(images)}</span>
                <Button
                  icon={Undo2}
                  aria-label={s.albumsPage.bringBackNamed(name)}
                  disabled={restore.isPending}
                  onClick={() => restore.mutate(key)}
                >
                  {s.albumsPage.bringBack}
                </Button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
