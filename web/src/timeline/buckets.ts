/** The timeline's counts as places: how many photos lie before a month is where it begins, newest first. */
import type { TimeBucket } from "@/api/types";
import type { Sections } from "@/grid/useLayout";
import { s } from "@/strings";

export type Unit = "day" | "month" | "year";

export interface Span {
  /** Place of its first photo. */
  start: number;
  count: number;
  label: string;
  /** "2021" */
  year: string;
}

const FORMATS: Record<Unit, Intl.DateTimeFormatOptions> = {
  day: { weekday: "short", day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  year: { year: "numeric" },
};

export function spansOf(buckets: readonly Pick<TimeBucket, "start" | "count">[], unit: Unit): Span[] {
  const format = new Intl.DateTimeFormat(s.language, { ...FORMATS[unit], timeZone: "UTC" });
  const spans: Span[] = [];
  let start = 0;
  for (const bucket of buckets) {
    const label = format.format(new Date(`${bucket.start}T00:00:00Z`));
    spans.push({ start, count: bucket.count, label, year: bucket.start.slice(0, 4) });
    start += bucket.count;
  }
  return spans;
}

export function sectionsOf(spans: readonly Span[], unit: Unit): Sections {
  return {
    name: `${unit}:${spans.map((span) => span.start).join()}`,
    starts: spans.map((span) => span.start),
    labels: spans.map((span) => s.timeline.heading(span.label, span.count)),
  };
}

/** The number of the span that a place lies in. */
export function spanAt(spans: readonly Span[], place: number): number {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((spans[middle]?.start ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The number of the span a key leads to: the next or last one, or the first of the next or last year. */
export function spanByKey(spans: readonly Span[], at: number, key: string): number | null {
  const year = spans[at]?.year;
  const next = (from: number) => {
    const found = spans.findIndex((span, number) => number > from && span.year !== spans[from]?.year);
    return found < 0 ? spans.length - 1 : found;
  };
  const first = (of: string | undefined) => spans.findIndex((span) => span.year === of);
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return Math.min(spans.length - 1, at + 1);
    case "ArrowUp":
    case "ArrowLeft":
      return Math.max(0, at - 1);
    case "PageDown":
      return next(at);
    case "PageUp":
      return first(year) < at ? first(year) : Math.max(0, first(spans[at - 1]?.year));
    case "Home":
      return 0;
    case "End":
      return spans.length - 1;
    default:
      return null;
  }
}

export interface Mark {
  year: string;
  /** From the top, in pixels. */
  y: number;
}

/** Years beside the track, those left out that would touch the one above. */
export function yearMarks(spans: readonly Span[], total: number, height: number, room: number): Mark[] {
  const marks: Mark[] = [];
  let before: string | undefined;
  for (const { year, start } of spans) {
    if (year === before) continue;
    before = year;
    const y = total > 0 ? (start / total) * height : 0;
    const last = marks.at(-1);
    if ((last === undefined || y - last.y >= room) && y <= height - room / 2) marks.push({ year, y });
  }
  return marks;
}
