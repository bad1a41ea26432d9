import { ChevronDown } from "lucide-react";
import { useState, type ReactNode } from "react";

import { s } from "@/strings";

interface FilterSectionProps {
  title: string;
  /** Something in it is chosen: then it is open, and marked. */
  active: boolean;
  open?: boolean;
  children: ReactNode;
}

export function FilterSection({ title, active, open = false, children }: FilterSectionProps) {
  return (
    <details open={open || active} className="group border-t border-line py-1">
      <summary className="flex list-none items-center gap-2 rounded-md py-2 text-sm font-medium">
        {title}
        {active && <span className="size-1.5 rounded-full bg-accent-strong" />}
        <ChevronDown
          size={16}
          aria-hidden="true"
          className="ml-auto text-ink-faint transition-transform group-open:rotate-180"
        />
      </summary>
      <div className="pb-3">{children}</div>
    </details>
  );
}

interface Option {
  value: string;
  label: string;
  count: number;
}

interface OptionsProps {
  values: readonly Option[];
  chosen: readonly string[];
  onToggle: (value: string) => void;
  /** What the values are, for whoever looks through them. */
  what: string;
}

const SHOWN = 8;

/** Values to tick, the most frequent first; long lists can be looked through. */
export function Options({ values, chosen, onToggle, what }: OptionsProps) {
  const [sought, setSought] = useState("");
  const [all, setAll] = useState(false);
  // What is chosen stays in sight, even where nothing has it under the other filters.
  const missing = chosen.filter((value) => !values.some((option) => option.value === value));
  const everything = [...missing.map((value) => ({ value, label: value, count: 0 })), ...values];
  const matching = everything.filter((option) => option.label.toLowerCase().includes(sought.toLowerCase()));
  const first = matching.filter((option) => chosen.includes(option.value));
  const ordered = [...first, ...matching.filter((option) => !chosen.includes(option.value))];
  const shown = all || sought ? ordered.slice(0, 200) : ordered.slice(0, Math.max(SHOWN, first.length));
  if (everything.length === 0) return <p className="text-sm text-ink-faint">{s.filters.none}</p>;
  return (
    <>
      {everything.length > SHOWN && (
        <input
          type="search"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          aria-label={s.filters.look(what)}
          placeholder={s.filters.look(what)}
          className="mb-1 h-8 w-full rounded-lg border border-line bg-canvas px-2.5 text-sm"
        />
      )}
      <ul>
        {shown.map((option) => (
          <li key={option.value}>
            <label className="-mx-1.5 flex cursor-pointer items-center gap-2.5 rounded-md px-1.5 py-1 text-sm hover:bg-hover">
              <input
                type="checkbox"
                checked={chosen.includes(option.value)}
                onChange={() => onToggle(option.value)}
                className="size-4 shrink-0 accent-accent-strong"
              />
              <span className="min-w-0 flex-1 truncate" title={option.value}>
                {option.label}
              </span>
              <span className="text-xs text-ink-faint tabular-nums">{s.common.number(option.count)}</span>
            </label>
          </li>
        ))}
      </ul>
      {ordered.length > shown.length && (
        <button
          type="button"
          className="mt-1 text-sm font-medium text-accent hover:underline"
          onClick={() => setAll(true)}
        >
          {s.filters.more(ordered.length - shown.length)}
        </button>
      )}
    </>
  );
}
