import { useQuery } from "@tanstack/react-query";
import {
  CalendarDays,
  Camera,
  Copy,
  FileImage,
  Folder,
  LibraryBig,
  MapPin,
  Plus,
  Sparkles,
  X,
  type LucideIcon,
} from "lucide-react";
import { lazy, Suspense, type ReactNode } from "react";
import { Link } from "wouter";

import { useMay } from "@/access/session";
import { paths, withParameters } from "@/app/navigation";
import type { ImageBrief, ImageDetail, Position } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { Rating } from "@/components/Rating";
import { SkeletonLines } from "@/components/Skeleton";
import type { Curation } from "@/photos/useCuration";
import { useAlbums } from "@/photos/useNames";
import type { Results } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { bytes, clock, coordinates, exposure, moment } from "@/strings/format";
import { s } from "@/strings";
import { PeopleOf } from "./Faces";
import { TagEditor } from "./TagEditor";

const MiniMap = lazy(() => import("@/map/MiniMap"));
/** How near the map is looked at from here: the town and what is around it. */
const MAP_ZOOM = 10;

interface InfoPanelProps {
  image: ImageBrief;
  detail: ImageDetail | undefined;
  /** Null when scores mean nothing. */
  score: number | null;
  place: number | null;
  results: Results;
  curation: Curation;
  onClose: () => void;
  onAlbums: () => void;
}

/** What is known of a photo, and what the user says of it. */
export function InfoPanel({ image, detail, score, place, results, curation, onClose, onAlbums }: InfoPanelProps) {
  const may = useMay("write");
  return (
    <aside
      aria-label={s.viewer.info}
      className="h-[55dvh] shrink-0 overflow-y-auto bg-canvas text-ink max-md:animate-rise max-md:rounded-t-2xl md:h-full md:w-88"
    >
      <div className="sticky top-0 z-10 flex items-center justify-between bg-canvas py-2 pr-2 pl-5">
        <h2 className="font-semibold">{s.viewer.info}</h2>
        <IconButton icon={X} label={s.viewer.closeInfo} onClick={onClose} />
      </div>
      <div className="space-y-5 px-5 pb-8">
        {may && <Rating value={image.rating} onChange={(rating) => void curation.rate(image.id, rating)} />}
        {detail?.title && <p className="font-medium">{detail.title}</p>}
        {detail?.description && <p className="text-ink-soft">{detail.description}</p>}
        {place !== null && score !== null && <Why place={place} score={score} results={results} />}
        <Facts image={image} detail={detail} />
        {detail ? (
          <>
            <PaletteOf palette={detail.palette} />
            <PeopleOf id={detail.id} />
            <TagEditor detail={detail} curation={curation} />
            <Albums detail={detail} onAlbums={onAlbums} curation={curation} />
            <Exif exif={detail.exif} />
          </>
        ) : (
          <SkeletonLines lines={5} />
        )}
      </div>
    </aside>
  );
}

function Why({ place, score, results }: { place: number; score: number; results: Results }) {
  const { data } = useQuery({
    queryKey: ["why", results.first?.cursor, place, score],
    queryFn: async () => (await results.explain(place)) ?? null,
  });
  return (
    <section className="rounded-xl bg-accent-soft p-3 text-sm">
      <h3 className="flex items-center gap-2 font-medium text-accent">
        <Sparkles size={15} aria-hidden="true" />
        {s.viewer.why(score)}
      </h3>
      {data?.reasons && (
        <ul className="mt-1 list-inside list-disc text-ink-soft">
          {data.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Facts({ image, detail }: { image: ImageBrief; detail: ImageDetail | undefined }) {
  const folder = image.path.slice(0, Math.max(1, image.path.length - image.name.length - 1));
  const camera = [detail?.camera_make, detail?.camera_model].filter(Boolean).join(" ");
  const settings = detail && [
    detail.focal_length && `${Number(detail.focal_length.toFixed(1))} mm`,
    detail.f_number && `ƒ/${Number(detail.f_number.toFixed(1))}`,
    detail.exposure_time && exposure(detail.exposure_time),
    detail.iso && `ISO ${detail.iso}`,
  ];
  return (
    <div className="space-y-4 text-sm">
      <Fact icon={CalendarDays} title={image.taken_at ? moment(image.taken_at) : s.viewer.undated}>
        {!image.taken_at && s.viewer.modified(moment(image.modified_at))}
      </Fact>
      {camera && (
        <Fact icon={Camera} title={camera}>
          {settings?.filter(Boolean).join("  ·  ")}
          {detail?.lens_model && <span className="block">{detail.lens_model}</span>}
        </Fact>
      )}
      {image.position && <Where position={image.position} detail={detail} />}
      <Fact icon={FileImage} title={image.name}>
        {image.width} × {image.height} · {s.viewer.megapixels((image.width * image.height) / 1e6)} ·{" "}
        {bytes(image.file_size)} · {image.format.toUpperCase()}
        {image.duration !== null && ` · ${clock(image.duration)}`}
      </Fact>
      <Fact icon={Folder} title={<span className="break-all">{folder}</span>}>
        <span className="mt-1 flex flex-wrap gap-2">
          <Link className="font-medium text-accent hover:underline" href={withParameters("/", "", { folder })}>
            {s.viewer.folder}
          </Link>
          <button
            type="button"
            className="inline-flex items-center gap-1 font-medium text-accent hover:underline"
            onClick={() => navigator.clipboard.writeText(image.path).then(() => toast(s.viewer.copied), toastError)}
          >
            <Copy size={13} aria-hidden="true" /> {s.viewer.copyPath}
          </button>
        </span>
      </Fact>
      {image.missing && <p className="rounded-lg bg-danger-soft p-3 text-danger">{s.viewer.missing}</p>}
    </div>
  );
}

function Where({ position, detail }: { position: Position; detail: ImageDetail | undefined }) {
  const { latitude, longitude } = position;
  const place = detail?.place;
  return (
    <Fact icon={MapPin} title={place ?? coordinates(latitude, longitude)}>
      {place && <span className="block">{coordinates(latitude, longitude)}</span>}
      {detail?.altitude !== undefined && detail.altitude !== null && (
        <span className="block">{s.viewer.altitude(Math.round(detail.altitude))}</span>
      )}
      <Link
        className="mt-2 block font-medium text-accent hover:underline"
        href={withParameters(paths.map, "", { view: `${latitude},${longitude},${MAP_ZOOM}` })}
      >
        <span className="mb-1 block h-36 w-full overflow-hidden rounded-lg border border-line bg-hover">
          <Suspense fallback={null}>
            <MiniMap latitude={latitude} longitude={longitude} />
          </Suspense>
        </span>
        {s.viewer.map}
      </Link>
    </Fact>
  );
}

/** Each colour leads to photos that have it too. */
function PaletteOf({ palette }: { palette: ImageDetail["palette"] }) {
  if (palette.length === 0) return null;
  return (
    <div className="flex h-8 overflow-hidden rounded-lg border border-line" role="group" aria-label={s.viewer.palette}>
      {palette.map(({ color, percent }) => (
        <Link
          key={color}
          href={withParameters("/", "", { color })}
          aria-label={s.viewer.share(color, percent)}
          title={s.viewer.share(color, percent)}
          className="min-w-6" // wide enough for a finger
          style={{ backgroundColor: color, flexGrow: percent }}
        />
      ))}
    </div>
  );
}

function Fact({ icon: Icon, title, children }: { icon: LucideIcon; title: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex gap-3">
      <Icon size={18} aria-hidden="true" className="mt-0.5 shrink-0 text-ink-faint" />
      <div className="min-w-0 flex-1">
        <div>{title}</div>
        <div className="text-ink-faint">{children}</div>
      </div>
    </div>
  );
}

function Albums({ detail, onAlbums, curation }: { detail: ImageDetail; onAlbums: () => void; curation: Curation }) {
  const { data } = useAlbums();
  const may = useMay("write");
  const inside = data?.albums.filter((album) => detail.albums.includes(album.id)) ?? [];
  return (
    <section>
      <h3 className="mb-1.5 flex items-center text-sm font-medium">
        {s.nav.albums}
        {may && (
          <Button look="quiet" icon={Plus} className="ml-auto" onClick={onAlbums}>
            {s.viewer.add}
          </Button>
        )}
      </h3>
      {inside.map((album) => (
        <div key={album.id} className="flex items-center gap-2 rounded-lg pl-1 hover:bg-hover">
          <LibraryBig size={16} aria-hidden="true" className="text-ink-faint" />
          <Link href={paths.album(album.id)} className="min-w-0 flex-1 truncate py-1.5 text-sm">
            {album.name}
          </Link>
          {may && (
            <IconButton
              icon={X}
              label={s.albums.takeOut(album.name)}
              className="size-8"
              onClick={() => void curation.inAlbum(album, [detail.id], false)}
            />
          )}
        </div>
      ))}
    </section>
  );
}

function Exif({ exif }: { exif: Record<string, unknown> }) {
  const entries = Object.entries(exif);
  if (entries.length === 0) return null;
  return (
    <details className="text-sm">
      <summary className="font-medium">{s.viewer.exif(entries.length)}</summary>
      <dl className="mt-2 space-y-1">
        {entries.map(([name, value]) => (
          <div key={name} className="grid grid-cols-[45%_1fr] gap-2">
            <dt className="truncate text-ink-faint" title={name}>
              {name}
            </dt>
            <dd className="break-words">
              {typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value)}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
