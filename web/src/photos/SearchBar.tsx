import { keepPreviousData, useQuery } from "@tanstack/react-query";
import {
  Camera,
  Clock,
  Folder,
  Hash,
  ImagePlus,
  LibraryBig,
  MapPin,
  Search,
  Type,
  UserRound,
  X,
  type LucideIcon,
} from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";

import { answered, client } from "@/api/client";
import type { Suggestion, Understood } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useDebounced } from "@/state/useDebounced";
import { s } from "@/strings";
import { completed, lastWord } from "./completion";

const ICONS: Record<Suggestion["kind"], LucideIcon> = {
  tag: Hash,
  person: UserRound,
  place: MapPin,
  region: MapPin,
  camera: Camera,
  album: LibraryBig,
  folder: Folder,
  recent: Clock,
  word: Type,
};

interface SearchBarProps {
  value: string;
  onSearch: (words: string) => void;
  onImage: (image: File) => void;
}

/** The search field: Enter searches, arrows choose a suggestion, "/" comes here from anywhere. */
export function SearchBar({ value, onSearch, onImage }: SearchBarProps) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const list = useId();
  if (value !== shown) {
    // The address changed elsewhere: back, a removed chip, a link.
    setShown(value);
    setText(value);
  }
  const suggestions = useSuggestions(text, open);
  const chips = useLiveChips(text, open);
  useSlashKey(input);

  const close = () => {
    setOpen(false);
    setActive(-1);
  };
  const search = (words: string) => {
    close();
    onSearch(words.trim());
  };
  const take = (suggestion: Suggestion) => {
    if (suggestion.kind === "recent") {
      setText(suggestion.insert);
      search(suggestion.insert);
      return;
    }
    const next = completed(text, suggestion.insert);
    setText(next);
    setActive(-1);
    input.current?.focus();
    onSearch(next.trim());
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const count = suggestions.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (count > 0)
        setActive((now) => (event.key === "ArrowDown" ? (now + 2) % (count + 1) : (now + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = open ? suggestions[active] : undefined;
      if (chosen) take(chosen);
      else search(text);
    } else if (event.key === "Tab" && open && suggestions[active]) {
      event.preventDefault();
      take(suggestions[active]);
    } else if (event.key === "Escape") {
      if (open && count > 0) close();
      else if (text !== "") setText("");
      else input.current?.blur();
    }
  };

  const visible = open && (suggestions.length > 0 || chips.length > 0);
  return (
    <form role="search" className="relative min-w-0 flex-1" onSubmit={(event) => event.preventDefault()}>
      <div
        className={`flex items-center gap-1 border border-line bg-surface pr-1 pl-4 transition-colors focus-within:border-accent focus-within:bg-raised ${visible ? "rounded-t-3xl" : "rounded-full"}`}
      >
        <Search size={18} aria-hidden="true" className="shrink-0 text-ink-faint" />
        <input
          ref={input}
          id="search"
          role="combobox"
          aria-label={s.search.label}
          aria-expanded={visible}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
          autoComplete="off"
          enterKeyHint="search"
          placeholder={s.search.placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(-1);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={close}
          onKeyDown={onKeyDown}
          className="h-11 min-w-0 flex-1 bg-transparent text-base focus:outline-none"
        />
        {text !== "" && (
          <IconButton
            icon={X}
            label={s.common.clear}
            onClick={() => {
              setText("");
              search("");
              input.current?.focus();
            }}
          />
        )}
        <IconButton icon={ImagePlus} label={s.search.byImage} onClick={() => file.current?.click()} />
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          aria-hidden="true"
          data-testid="example"
          onChange={(event) => {
            const [image] = event.target.files ?? [];
            if (image) onImage(image);
            event.target.value = "";
          }}
        />
      </div>
      <div
        hidden={!visible}
        className="absolute inset-x-0 top-full z-50 max-h-[60dvh] overflow-y-auto rounded-b-3xl border border-t-0 border-line bg-raised py-2 shadow-float"
      >
        <LiveChips chips={chips} />
        <ul id={list} role="listbox" aria-label={s.search.suggestions}>
          {suggestions.map((suggestion, index) => (
            <Option
              key={`${suggestion.kind} ${suggestion.text}`}
              id={`${list}-${index}`}
              suggestion={suggestion}
              active={index === active}
              onTake={() => take(suggestion)}
            />
          ))}
        </ul>
      </div>
    </form>
  );
}

/** How the query is read while it is typed: what is more than words. */
function useLiveChips(text: string, open: boolean): Understood["chips"] {
  const asked = useDebounced(text.trim(), 150);
  const { data } = useQuery({
    queryKey: ["parse", asked],
    queryFn: ({ signal }) => answered(client.POST("/api/v1/query/parse", { body: { query: asked }, signal })),
    enabled: open && asked !== "",
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  return asked === "" ? [] : (data?.chips ?? []).filter((chip) => chip.kind !== "words" || chip.negated);
}

function LiveChips({ chips }: { chips: Understood["chips"] }) {
  if (chips.length === 0) return null;
  return (
    <p className="flex flex-wrap items-center gap-1.5 px-4 pb-2 text-xs text-ink-faint">
      {s.search.understood}
      {chips.map((chip) => (
        <span key={chip.start} className="rounded-full bg-accent-soft px-2 py-0.5 font-medium text-accent">
          {chip.negated ? s.search.not(chip.text) : `${chip.kind} ${chip.text}`}
        </span>
      ))}
    </p>
  );
}

function Option({
  id,
  suggestion,
  active,
  onTake,
}: {
  id: string;
  suggestion: Suggestion;
  active: boolean;
  onTake: () => void;
}) {
  const Icon = ICONS[suggestion.kind];
  return (
    <li
      id={id}
      role="option"
      aria-selected={active}
      onPointerDown={(event) => event.preventDefault()} // the field keeps the focus
      onClick={onTake}
      className="flex cursor-pointer items-center gap-3 px-4 py-2 hover:bg-hover aria-selected:bg-hover"
    >
      <Icon size={16} aria-hidden="true" className="shrink-0 text-ink-faint" />
      <span className="min-w-0 truncate">{suggestion.text}</span>
      <span className="ml-auto shrink-0 pl-3 text-xs text-ink-faint">
        {[s.search.kind(suggestion.kind), suggestion.count > 0 && s.common.number(suggestion.count)]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </li>
  );
}

function useSuggestions(text: string, open: boolean): readonly Suggestion[] {
  const asked = useDebounced(text, 80);
  const { data } = useQuery({
    queryKey: ["suggestions", asked],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/suggestions", { params: { query: { q: asked, limit: 8 } }, signal })),
    enabled: open,
    placeholderData: (before) => before,
    staleTime: 10_000,
    retry: false,
  });
  if (!data || (lastWord(text) === "" && text !== "")) return [];
  return data.suggestions;
}

/** "/" puts the cursor into the field, as in many places; not while something else is being typed. */
function useSlashKey(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (
        event.key !== "/" ||
        event.ctrlKey ||
        event.metaKey ||
        target.closest("input, textarea, select, dialog, [role=dialog]")
      )
        return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [input]);
}
