import { Button } from "@/components/Button";
import { s } from "@/strings";
import { bytes, day } from "@/strings/format";
import { useKeepApart, type DuplicatesGroup } from "./duplicates";

interface GroupProps {
  group: DuplicatesGroup;
  marked: ReadonlySet<number>;
  /** Null where nothing may go to the trash. */
  mark: ((ids: readonly number[], on: boolean) => void) | null;
  /** Whether one may say that they are none. */
  judging: boolean;
}

/** One group: the photos side by side, the one to keep first. */
export function Group({ group, marked, mark, judging }: GroupProps) {
  const apart = useKeepApart();
  const ids = group.members.map((member) => member.image.id);
  const kept = ids.filter((id) => !marked.has(id)).length;
  return (
    <section className="rounded-2xl border border-line p-3" aria-label={s.duplicates.group(ids.length)}>
      <div className="mb-2 flex flex-wrap items-center gap-2 text-sm text-ink-soft">
        <span className="font-medium text-ink">{s.duplicates.kinds[group.kind]}</span>
        <span>
          {s.duplicates.group(ids.length)} · {s.duplicates.spare(bytes(group.spare_bytes))}
        </span>
        {judging && (
          <Button look="quiet" className="ml-auto" disabled={apart.isPending} onClick={() => apart.mutate(ids)}>
            {s.duplicates.apart}
          </Button>
        )}
      </div>
      <ul className="flex gap-3 overflow-x-auto pb-1">
        {group.members.map(({ image, kind, bits }) => (
          <li key={image.id} className="w-44 shrink-0 text-xs text-ink-faint md:w-56">
            <a
              href={image.preview_url}
              target="_blank"
              rel="noreferrer"
              title={image.path}
              className="block aspect-4/3 overflow-hidden rounded-lg"
              style={{ backgroundColor: image.color }}
            >
              <img
                src={image.thumbnail_url}
                alt={image.name}
                loading="lazy"
                className={`size-full object-contain ${marked.has(image.id) ? "opacity-35" : ""}`}
              />
            </a>
            <p className="mt-1.5 flex items-center gap-1.5">
              <span
                className={`rounded-full px-2 py-0.5 font-medium ${kind === null ? "bg-accent-soft text-accent" : "bg-surface text-ink-soft"}`}
              >
                {kind === null ? s.duplicates.best : s.duplicates.as[kind]}
              </span>
              {kind === "near" && <span>{s.duplicates.bits(bits)}</span>}
            </p>
            <p className="mt-1 truncate text-ink" title={image.path}>
              {image.name}
            </p>
            <p className="truncate" title={image.path}>
              {image.path.slice(0, Math.max(1, image.path.length - image.name.length - 1))}
            </p>
            <p>
              {image.width} × {image.height} · {bytes(image.file_size)} · {image.format.toUpperCase()}
            </p>
            <p>{day(image.taken_at ?? image.modified_at)}</p>
            {mark && (
              <label className="mt-1 flex cursor-pointer items-center gap-2 text-sm text-ink">
                <input
                  type="checkbox"
                  className="size-4 accent-accent-strong"
                  checked={marked.has(image.id)}
                  disabled={!marked.has(image.id) && kept === 1}
                  onChange={(event) => mark([image.id], event.target.checked)}
                />
                {s.duplicates.mark}
              </label>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
