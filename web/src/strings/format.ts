/** Dates, sizes and figures as people read them. */
import { s } from "./index";

const days = new Intl.DateTimeFormat(s.language, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const moments = new Intl.DateTimeFormat(s.language, { dateStyle: "full", timeStyle: "short", timeZone: "UTC" });
const months = new Intl.DateTimeFormat(s.language, { month: "long", year: "numeric", timeZone: "UTC" });

/** `taken_at` is a wall clock without zone: read as UTC and shown as UTC, it stays what the camera said. */
function wallClock(iso: string): Date {
  return new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(iso) || !iso.includes("T") ? iso : `${iso}Z`);
}

export const day = (iso: string) => days.format(wallClock(iso));
export const moment = (iso: string) => moments.format(wallClock(iso));
export const month = (iso: string) => months.format(wallClock(iso));

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** 1/250 rather than 0.004. */
export function exposure(seconds: number): string {
  return seconds >= 0.4 ? `${Number(seconds.toFixed(1))} s` : `1/${Math.round(1 / seconds)} s`;
}

export function coordinates(latitude: number, longitude: number): string {
  const part = (value: number, positive: string, negative: string) =>
    `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  return `${part(latitude, "N", "S")}, ${part(longitude, "E", "W")}`;
}

/** "2021-06" as "June 2021". */
export const monthName = (value: string) => months.format(new Date(`${value}-01T00:00:00Z`));

const instants = new Intl.DateTimeFormat(s.language, { dateStyle: "medium", timeStyle: "short" });

/** An instant on this machine's clock, unlike what a camera wrote. */
export const instant = (iso: string) => instants.format(new Date(iso));

/** A place in a video, or its length: "1:32", from an hour on "1:02:03". */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A length of time as one says it: "3 minutes". */
export function duration(seconds: number): string {
  if (seconds < 60) return s.indexing.time.seconds(Math.max(1, Math.round(seconds)));
  if (seconds < 3600 * 1.5) return s.indexing.time.minutes(Math.round(seconds / 60));
  return s.indexing.time.hours(Math.round(seconds / 3600));
}

const briefMoments = new Intl.DateTimeFormat(s.language, { dateStyle: "medium", timeStyle: "short" });

/** A point in time, for lists of them. */
export const briefMoment = (iso: string) => briefMoments.format(new Date(iso));
