import { useMemo, useState, type PointerEvent } from "react";

import type { Facets } from "@/api/types";
import { monthName } from "@/strings/format";
import { s } from "@/strings";
import { bars, within } from "./histogram";
import type { SearchState } from "./searchState";

interface DateFilterProps {
  after: string | null;
  before: string | null;
  months: Facets["months"];
  change: (change: Partial<SearchState>) => void;
}

const MOST_BARS = 42;

/** When photos were taken: a histogram to drag over, and two dates to type. */
export function DateFilter({ after, before, months, change }: DateFilterProps) {
  const drawn = useMemo(() => bars(months, MOST_BARS), [months]);
  const highest = Math.max(1, ...drawn.map((bar) => bar.count));
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const barAt = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(drawn.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * drawn.length)));
  };
  const isOn = (index: number) => {
    const bar = drawn[index];
    if (drag) return index >= Math.min(...drag) && index <= Math.max(...drag);
    return bar !== undefined && within(bar, after, before);
  };
  const finish = () => {
    const from = drag && drawn[Math.min(...drag)];
    const to = drag && drawn[Math.max(...drag)];
    setDrag(null);
    if (!from || !to) return;
    const same = after === from.from && before === to.to;
    change({ after: same ? null : from.from, before: same ? null : to.to });
  };
  return (
    <>
      {drawn.length > 0 && (
        <div className="mb-3">
          <div
            role="img"
            aria-label={s.filters.histogram}
            className="flex h-20 cursor-crosshair touch-none items-end gap-px"
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              setDrag([barAt(event), barAt(event)]);
            }}
            onPointerMove={(event) => {
              if (drag) setDrag([drag[0], barAt(event)]);
            }}
            onPointerUp={finish}
            onPointerCancel={() => setDrag(null)}
          >
            {drawn.map((bar, index) => (
              <div
                key={bar.from}
                title={s.filters.bar(monthName(bar.from), bar.from === bar.to ? null : monthName(bar.to), bar.count)}
                className="flex h-full flex-1 items-end"
              >
                <div
                  className={`w-full rounded-t-sm transition-colors ${isOn(index) ? "bg-accent-strong" : "bg-line"}`}
                  style={{ height: bar.count === 0 ? 1 : `${Math.max(5, 100 * Math.sqrt(bar.count / highest))}%` }}
                />
              </div>
            ))}
          </div>
          <div className="mt-1 flex justify-between text-xs text-ink-faint">
            <span>{drawn[0]?.from.slice(0, 4)}</span>
            <span>{drawn.at(-1)?.to.slice(0, 4)}</span>
          </div>
        </div>
      )}
      <div className="grid grid-cols-2 gap-2">
        <DateField label={s.filters.from} value={firstDay(after)} onChange={(after) => change({ after })} />
        <DateField label={s.filters.to} value={lastDay(before)} onChange={(before) => change({ before })} />
      </div>
    </>
  );
}

function DateField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (date: string | null) => void;
}) {
  return (
    <label className="text-xs text-ink-soft">
      {label}
      <input
        key={value}
        type="date"
        defaultValue={value}
        onBlur={(event) => {
          if (event.target.value !== value) onChange(event.target.value || null);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
        className="mt-1 h-9 w-full min-w-0 rounded-lg border border-line bg-canvas px-2 text-sm text-ink"
      />
    </label>
  );
}

function firstDay(date: string | null): string {
  return date === null ? "" : `${date}-01-01`.slice(0, 10).replace(/^(\d{4}-\d{2})-01-01$/, "$1-01");
}

function lastDay(date: string | null): string {
  if (date === null || date.length === 10) return date ?? "";
  const [year, month] = [Number(date.slice(0, 4)), date.length === 7 ? Number(date.slice(5)) : 12];
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
