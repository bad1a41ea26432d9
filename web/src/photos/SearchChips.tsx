import {
  CalendarDays,
  Camera,
  CircleSlash,
  EyeOff,
  FileImage,
  Folder,
  Hash,
  HardDrive,
  Images,
  Languages,
  LibraryBig,
  MapPin,
  Palette,
  ScanText,
  Search,
  Star,
  TriangleAlert,
  UserRound,
  type LucideIcon,
} from "lucide-react";

import type { Understood } from "@/api/types";
import { Chip } from "@/components/Chip";
import { bytes } from "@/strings/format";
import { s } from "@/strings";
import { asTyped, replaced, without } from "./completion";
import { ExampleChip, LikeChip } from "./ExampleChips";
import { asksForHidden, toggled, type SearchState } from "./searchState";
import { useNames } from "./useNames";

interface SearchChipsProps {
  state: SearchState;
  understood: Understood | null | undefined;
  change: (change: Partial<SearchState>) => void;
  /** Also the words that are searched by meaning: where no search field shows them. */
  words?: boolean;
}

interface Part {
  key: string;
  icon: LucideIcon;
  label: string;
  color?: string;
  without: Partial<SearchState>;
}

const KINDS: Record<string, LucideIcon> = {
  tag: Hash,
  person: UserRound,
  people: UserRound,
  place: MapPin,
  region: MapPin,
  near: MapPin,
  camera: Camera,
  in: Folder,
  name: FileImage,
  type: FileImage,
  after: CalendarDays,
  before: CalendarDays,
  words: CircleSlash,
  album: LibraryBig,
  folder: Folder,
  date: CalendarDays,
  color: Palette,
  rating: Star,
  format: FileImage,
  size: HardDrive,
};

/** What the search consists of besides its words: each part can be taken away. */
export function SearchChips({ state, understood, change, words = false }: SearchChipsProps) {
  const parts = useParts(state);
  return (
    <>
      {state.like !== null && <LikeChip id={state.like} state={state} change={change} />}
      {state.example !== null && <ExampleChip name={state.example} state={state} change={change} />}
      {understood?.translation && (
        <Chip
          icon={Languages}
          tone="accent"
          label={s.search.translated(understood.translation.text, understood.translation.language)}
          onRemove={() => change({ q: asTyped(state.q, understood.chips) })}
        />
      )}
      {understood?.chips
        .filter((chip) => words || isTelling(chip))
        .map((chip) => (
          <Chip
            key={`${chip.start}-${chip.end}`}
            icon={asksForHidden(chip) ? EyeOff : isTelling(chip) ? (KINDS[chip.kind] ?? Hash) : Search}
            tone="accent"
            label={asksForHidden(chip) ? s.filters.hidden : chip.negated ? s.search.not(chip.text) : chip.text}
            onRemove={() => change({ q: without(state.q, chip.start, chip.end) })}
          />
        ))}
      {understood?.problems.map((problem) => (
        <span key={`${problem.start} ${problem.message}`} className="inline-flex items-center gap-1.5">
          <Chip
            icon={TriangleAlert}
            tone="warn"
            label={problem.message}
            onRemove={() => change({ q: without(state.q, problem.start, problem.end) })}
          />
          {problem.suggestion && (
            <button
              type="button"
              className="text-sm font-medium text-accent hover:underline"
              onClick={() => change({ q: replaced(state.q, problem.start, problem.end, problem.suggestion) })}
            >
              {s.search.mean(problem.suggestion)}
            </button>
          )}
        </span>
      ))}
      {parts.map((part) => (
        <Chip key={part.key} icon={part.icon} label={part.label} onRemove={() => change(part.without)}>
          {part.color && (
            <span className="inline-flex items-center gap-1.5">
              <span className="size-3.5 rounded-full border border-line" style={{ background: part.color }} />
              {part.label}
            </span>
          )}
        </Chip>
      ))}
    </>
  );
}

/** Words that are searched by meaning stand in the field; everything else that was read out of it is told. */
function isTelling(chip: Understood["chips"][number]): boolean {
  return chip.kind !== "words" || chip.negated;
}

function useParts(state: SearchState): Part[] {
  const names = useNames(state);
  const parts: Part[] = [];
  const add = (key: string, icon: LucideIcon, label: string, without: Partial<SearchState>, color?: string) =>
    parts.push({ key, icon, label, without, ...(color !== undefined && { color }) });
  if (state.after || state.before)
    add("dates", CalendarDays, s.filters.between(state.after, state.before), { after: null, before: null });
  if (state.rating !== null) add("rating", Star, s.filters.atLeast(state.rating), { rating: null });
  for (const id of state.person)
    add(`person ${id}`, UserRound, names.person(Number(id)), { person: toggled(state.person, id) });
  for (const name of ["place", "region"] as const)
    for (const place of state[name]) add(`${name} ${place}`, MapPin, place, { [name]: toggled(state[name], place) });
  for (const tag of state.tag) add(`tag ${tag}`, Hash, tag, { tag: toggled(state.tag, tag) });
  if (state.album !== null) add("album", LibraryBig, names.album(state.album), { album: null });
  for (const camera of state.camera) add(`camera ${camera}`, Camera, camera, { camera: toggled(state.camera, camera) });
  for (const folder of state.folder)
    add(`folder ${folder}`, Folder, folder.split("/").slice(-2).join("/"), { folder: toggled(state.folder, folder) });
  for (const format of state.format)
    add(`format ${format}`, FileImage, format.toUpperCase(), { format: toggled(state.format, format) });
  if (state.min_size !== null || state.max_size !== null) {
    const label = s.filters.sizes(state.min_size && bytes(state.min_size), state.max_size && bytes(state.max_size));
    add("size", HardDrive, label, { min_size: null, max_size: null });
  }
  if (state.color) {
    const label = state.mostly ? s.filters.mostlyColor(state.color) : state.color;
    add("color", Palette, label, { color: null, mostly: false }, state.color);
  }
  if (state.position) add("position", MapPin, s.filters.position, { position: false });
  if (state.text) add("text", ScanText, s.filters.hasText, { text: false });
  if (state.box) add("box", MapPin, s.filters.box, { box: null });
  if (state.hidden) add("hidden", EyeOff, s.filters.hidden, { hidden: false });
  if (state.all) add("all", Images, s.search.everything, { all: false });
  return parts;
}
