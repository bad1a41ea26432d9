/** Months counted into bars: as fine as fits, by month, quarter, year, or several years. */
export interface Bar {
  /** First and last month, "2021-06". */
  from: string;
  to: string;
  count: number;
}

interface Month {
  value: string;
  count: number;
}

const WIDTHS = [1, 3, 12, 24, 60, 120];

export function bars(months: readonly Month[], most: number): Bar[] {
  const known = months.filter((month) => /^\d{4}-\d{2}$/.test(month.value));
  if (known.length === 0) return [];
  const numbers = known.map((month) => numberOf(month.value));
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  const width = WIDTHS.find((width) => Math.floor(last / width) - Math.floor(first / width) < most) ?? 240;
  const start = Math.floor(first / width);
  const counts = new Array<number>(Math.floor(last / width) - start + 1).fill(0);
  known.forEach((month, index) => {
    const bar = Math.floor((numbers[index] ?? first) / width) - start;
    counts[bar] = (counts[bar] ?? 0) + month.count;
  });
  return counts.map((count, index) => ({
    from: monthOf((start + index) * width),
    to: monthOf((start + index + 1) * width - 1),
    count,
  }));
}

/** Whether any of the bar lies between the two dates (year, month or day). */
export function within(bar: Bar, after: string | null, before: string | null): boolean {
  return (
    (after === null || bar.to >= after.slice(0, 7)) &&
    (before === null || bar.from.slice(0, before.length) <= before.slice(0, 7))
  );
}

function numberOf(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

function monthOf(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}`;
}
