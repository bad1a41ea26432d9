import { useQuery } from "@tanstack/react-query";
import { FileText, Plus, Sparkles, X } from "lucide-react";
import { useId, useState } from "react";
import { Link } from "wouter";

import { useMay } from "@/access/session";
import { facetsOf } from "@/api/facets";
import type { ImageDetail } from "@/api/types";
import { IconButton } from "@/components/Button";
import { withParameters } from "@/app/navigation";
import type { Curation } from "@/photos/useCuration";
import { s } from "@/strings";

/** A photo's tags: the user's own, those of the file, and those found by sight. */
export function TagEditor({ detail, curation }: { detail: ImageDetail; curation: Curation }) {
  const [name, setName] = useState("");
  const list = useId();
  const may = useMay("write");
  const { data: facets } = useQuery({
    queryKey: ["facets", {}, null],
    queryFn: () => facetsOf({}, null),
    staleTime: 60_000,
  });
  return (
    <section>
      <h3 className="mb-2 text-sm font-medium">{s.filters.tag}</h3>
      <ul className="flex flex-wrap gap-1.5">
        {detail.tags.map((tag) => (
          <li
            key={`${tag.source} ${tag.name}`}
            title={s.tags.source(tag.source, tag.confidence)}
            className={`flex items-center rounded-full border pl-2.5 text-sm ${tag.source === "user" ? "border-transparent bg-accent-soft text-accent" : "border-line text-ink-soft"} ${tag.source === "keywords" ? "pr-2.5" : ""}`}
          >
            {tag.source === "auto" && <Sparkles size={12} aria-label={s.tags.auto} className="mr-1" />}
            {tag.source === "keywords" && <FileText size={12} aria-label={s.tags.keywords} className="mr-1" />}
            <Link href={withParameters("/", "", { tag: tag.name })} className="py-0.5 hover:underline">
              {tag.name}
            </Link>
            {may && tag.source !== "keywords" && (
              <button
                type="button"
                aria-label={s.common.remove(tag.name)}
                title={s.common.remove(tag.name)}
                onClick={() => void curation.untag([detail.id], tag.name)}
                className="flex size-6 items-center justify-center rounded-full hover:bg-hover"
              >
                <X size={13} aria-hidden="true" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {may && (
        <form
          className="mt-2 flex gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            const added = name.trim();
            if (added) void curation.tag([detail.id], added);
            setName("");
          }}
        >
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
            list={list}
            maxLength={200}
            aria-label={s.tags.add}
            placeholder={s.tags.add}
            autoComplete="off"
            className="h-9 min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3 text-sm"
          />
          <datalist id={list}>
            {facets?.tags.map((tag) => (
              <option key={tag.value} value={tag.value} />
            ))}
          </datalist>
          <IconButton icon={Plus} label={s.tags.add} type="submit" />
        </form>
      )}
    </section>
  );
}
