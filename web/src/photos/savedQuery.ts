/** A search as one line of the query language, for a smart album: the words as typed, then the filters beside them. */
import { quoted } from "./completion";
import type { SearchState } from "./searchState";

/** Whether a line of text can say it: an example image and a box on the map cannot be written down. */
export function canBeSaved(state: SearchState): boolean {
  const thumbs = state.liked.length + state.disliked.length;
  return thumbs === 0 && state.like === null && state.example === null && state.box === null && !state.hidden;
}

interface Names {
  album: (id: number) => string;
  person: (id: number) => string;
}

export function savedQuery(state: SearchState, names: Names): string {
  const either = (field: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${field}:${values.length === 1 ? quoted(values[0] ?? "") : `"${values.join(",")}"`}`];
  const range = (low: string | number | null, high: string | number | null, unit = "") =>
    `${low === null ? "" : `${low}${unit}`}..${high === null ? "" : `${high}${unit}`}`;
  return [
    // "a OR b" beside a filter would mean the filter goes with b alone
    state.q && /\bOR\b|\|/.test(state.q) ? `(${state.q})` : state.q,
    ...(state.after || state.before ? [`date:${range(state.after, state.before)}`] : []),
    ...either("type", state.format),
    ...either("camera", state.camera),
    ...anyOf(state.folder.map((folder) => `folder:${quoted(folder)}`)),
    ...state.person.map((id) => `person:${quoted(names.person(Number(id)))}`),
    ...state.tag.map((tag) => `tag:${quoted(tag)}`),
    ...anyOf([
      ...state.place.map((place) => `near:${quoted(place)}`),
      ...state.region.map((region) => `region:${quoted(region)}`),
    ]),
    ...(state.album === null ? [] : [`album:${quoted(names.album(state.album))}`]),
    ...(state.color ? [`color:${state.color}`] : []),
    ...(state.rating === null ? [] : [`rating:>=${state.rating}`]),
    ...(state.min_size !== null || state.max_size !== null
      ? [`size:${range(state.min_size, state.max_size, "B")}`]
      : []),
    ...(state.position ? ["has:gps"] : []),
    ...(state.text ? ["has:text"] : []),
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function anyOf(parts: readonly string[]): readonly string[] {
  return parts.length > 1 ? [`(${parts.join(" OR ")})`] : parts;
}
