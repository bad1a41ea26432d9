import { ChevronDown, ChevronRight, EllipsisVertical, Pencil, Trash2, UserRound } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { Link } from "wouter";

import type { Branch } from "./tree";
import { withParameters } from "@/app/navigation";
import { IconButton } from "@/components/Button";
import { Menu } from "@/components/Menu";
import { s } from "@/strings";

const t = s.tagsPage;

interface TagTreeProps {
  branches: readonly Branch[];
  /** All levels are shown: one is looking for something. */
  open: boolean;
  /** Null for those who may not change tags. */
  onMove: ((branch: Branch) => void) | null;
  onDelete: ((branch: Branch) => void) | null;
}

/** Tags below tags, each a link to its photos. Up and down go from one to the next, right and left open and close. */
export function TagTree(props: TagTreeProps) {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("[data-tag]");
    if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-tag]")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const toggle = link.closest("li")?.querySelector<HTMLElement>(":scope > div > button[aria-expanded]");
    if (step !== undefined) all[all.indexOf(link) + step]?.focus();
    else if (toggle && event.key === (toggle.ariaExpanded === "true" ? "ArrowLeft" : "ArrowRight")) toggle.click();
    else return;
    event.preventDefault();
  };
  return (
    <div onKeyDown={onKeyDown}>
      <Level {...props} depth={0} />
    </div>
  );
}

function Level({ branches, depth, ...rest }: TagTreeProps & { depth: number }) {
  return (
    <ul className={depth === 0 ? "" : "ml-4 border-l border-line pl-1 md:ml-[1.1rem]"}>
      {branches.map((branch) => (
        <Row key={branch.name} branch={branch} depth={depth} {...rest} />
      ))}
    </ul>
  );
}

function Row({
  branch,
  depth,
  open,
  onMove,
  onDelete,
}: Omit<TagTreeProps, "branches"> & { branch: Branch; depth: number }) {
  const [shown, setShown] = useState(true);
  const expanded = open || shown;
  const parent = branch.below.length > 0;
  return (
    <li>
      <div className="flex min-h-10 items-center gap-1 rounded-lg hover:bg-hover">
        {parent ? (
          <IconButton
            icon={expanded ? ChevronDown : ChevronRight}
            label={expanded ? t.collapse(branch.name) : t.expand(branch.name)}
            aria-expanded={expanded}
            disabled={open}
            onClick={() => setShown(!shown)}
          />
        ) : (
          <span className="w-9 shrink-0" />
        )}
        <Link
          href={withParameters("/", "", { tag: branch.name })}
          data-tag={branch.name}
          title={branch.name}
          className="flex min-w-0 flex-1 items-center gap-2 rounded-md py-2"
        >
          <span className="truncate">{branch.own}</span>
          {branch.editable && <UserRound size={14} role="img" aria-label={t.yours} className="shrink-0 text-accent" />}
          <span className="ml-auto pr-1 text-sm text-ink-faint tabular-nums">
            {s.common.number(branch.images)}
            <span className="sr-only"> {t.photos(branch.images)}</span>
          </span>
        </Link>
        {onMove && onDelete && branch.editable ? (
          <Menu
            label={t.more(branch.name)}
            icon={EllipsisVertical}
            items={[
              { label: t.move, icon: Pencil, onSelect: () => onMove(branch) },
              { label: t.delete, icon: Trash2, danger: true, onSelect: () => onDelete(branch) },
            ]}
          />
        ) : (
          <span className="w-9 shrink-0" />
        )}
      </div>
      {parent && expanded && (
        <Level branches={branch.below} depth={depth + 1} open={open} onMove={onMove} onDelete={onDelete} />
      )}
    </li>
  );
}
