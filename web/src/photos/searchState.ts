/** What is searched for, in the address and back: every state of the search can be linked to. */
import type { Asked, Filters, Understood } from "@/api/types";
import type { Question } from "@/state/results";

export type Sort = "relevance" | "newest" | "oldest";

export interface SearchState {
  q: string;
  /** Like this image of the library. */
  like: number | null;
  /** Like an image from outside: the name it is kept under. */
  example: string | null;
  /** The image's part of a search by image and words, 0 to 1. */
  weight: number;
  after: string | null;
  before: string | null;
  format: readonly string[];
  camera: readonly string[];
  folder: readonly string[];
  person: readonly string[];
  tag: readonly string[];
  /** Results that are meant, and that are not. */
  liked: readonly string[];
  disliked: readonly string[];
  /** Towns and countries. */
  place: readonly string[];
  region: readonly string[];
  album: number | null;
  color: string | null;
  /** Half of the picture has the colour, not just a part of it. */
  mostly: boolean;
  rating: number | null;
  min_size: number | null;
  max_size: number | null;
  position: boolean;
  /** Something is to be read in the picture. */
  text: boolean;
  hidden: boolean;
  /** South, west, north, east. */
  box: readonly [number, number, number, number] | null;
  sort: Sort | null;
  /** Show what scores under the model's cut-off too. */
  all: boolean;
}

export const NOTHING: SearchState = {
  q: "",
  like: null,
  example: null,
  weight: 0.5,
  after: null,
  before: null,
  format: [],
  camera: [],
  folder: [],
  person: [],
  tag: [],
  liked: [],
  disliked: [],
  place: [],
  region: [],
  album: null,
  color: null,
  mostly: false,
  rating: null,
  min_size: null,
  max_size: null,
  position: false,
  text: false,
  hidden: false,
  box: null,
  sort: null,
  all: false,
};

/** Per cent of a picture: what "mostly blue" means in a query too. */
const MOSTLY = 50;

const DATE = /^\d{4}(-\d{2}(-\d{2})?)?$/;

export function parseSearch(parameters: URLSearchParams): SearchState {
  const given = (name: string, pattern: RegExp) => {
    const value = parameters.get(name);
    return value !== null && pattern.test(value) ? value : null;
  };
  const whole = (name: string) => {
    const value = given(name, /^-?\d{1,15}$/);
    return value === null ? null : Number(value);
  };
  const ids = (name: string) => parameters.getAll(name).filter((id) => /^[1-9]\d{0,14}$/.test(id));
  const sort = parameters.get("sort");
  const box = (parameters.get("box") ?? "").split(",").map(Number);
  return {
    q: parameters.get("q") ?? "",
    like: whole("like"),
    example: given("example", /^[\w-]{1,80}$/),
    weight: Math.min(1, Math.max(0, Number(given("weight", /^[01](\.\d+)?$/) ?? 0.5))),
    after: given("after", DATE),
    before: given("before", DATE),
    format: parameters.getAll("format"),
    camera: parameters.getAll("camera"),
    folder: parameters.getAll("folder"),
    person: ids("person"),
    tag: parameters.getAll("tag"),
    liked: ids("liked"),
    disliked: ids("disliked"),
    place: parameters.getAll("place"),
    region: parameters.getAll("region"),
    album: whole("album"),
    color: given("color", /^#[0-9a-f]{6}$/i),
    mostly: parameters.get("mostly") === "1",
    rating: whole("rating"),
    min_size: whole("min_size"),
    max_size: whole("max_size"),
    position: parameters.get("position") === "1",
    text: parameters.get("text") === "1",
    hidden: parameters.get("hidden") === "1",
    box:
      box.length === 4 && box.every((side) => Number.isFinite(side)) ? (box as [number, number, number, number]) : null,
    sort: sort === "newest" || sort === "oldest" || sort === "relevance" ? sort : null,
    all: parameters.get("all") === "1",
  };
}

/** The parameters of the address for a change; what is as usual is left out. */
export function searchParameters(change: Partial<SearchState>): Record<string, string | readonly string[] | null> {
  const entries = Object.entries(change).map(([name, value]): [string, string | readonly string[] | null] => {
    if (value === null || value === false || value === "") return [name, null];
    if (value === true) return [name, "1"];
    if (name === "box") return [name, (value as readonly number[]).join(",")];
    if (name === "weight") return [name, value === NOTHING.weight ? null : String(value)];
    if (Array.isArray(value)) return [name, value as readonly string[]];
    return [name, String(value)];
  });
  return Object.fromEntries(entries);
}

export function filtersOf(state: SearchState): Filters {
  return {
    ...(state.after && { after: state.after }),
    ...(state.before && { before: state.before }),
    ...(state.format.length > 0 && { formats: [...state.format] }),
    ...(state.camera.length > 0 && { cameras: [...state.camera] }),
    ...(state.folder.length > 0 && { folders: [...state.folder] }),
    ...(state.tag.length > 0 && { tags: [...state.tag] }),
    ...(state.place.length > 0 && { places: [...state.place] }),
    ...(state.region.length > 0 && { regions: [...state.region] }),
    ...(state.person.length > 0 && { people: state.person.map(Number) }),
    ...(state.album !== null && { album: state.album }),
    ...(state.color && { color: state.color, ...(state.mostly && { color_percent: MOSTLY }) }),
    ...(state.rating !== null && { min_rating: state.rating }),
    ...(state.min_size !== null && { min_size: state.min_size }),
    ...(state.max_size !== null && { max_size: state.max_size }),
    ...(state.position && { has_position: true }),
    ...(state.text && { has_text: true }),
    ...(state.hidden && { hidden: true }),
    ...(state.box && { south: state.box[0], west: state.box[1], north: state.box[2], east: state.box[3] }),
  };
}

/** Which photos: what the timeline and the map can be asked too. An image from outside is not in it. */
export function askedOf(state: SearchState): Asked {
  return {
    ...(state.q && { query: state.q }),
    ...(state.like !== null && { like: state.like }),
    ...(state.weight !== NOTHING.weight && { image_weight: state.weight }),
    ...(state.all && { min_score: 0 }),
    ...(state.liked.length > 0 && { liked: state.liked.map(Number) }),
    ...(state.disliked.length > 0 && { disliked: state.disliked.map(Number) }),
    filters: filtersOf(state),
  };
}

export function questionOf(state: SearchState): Question {
  return { ...askedOf(state), ...(state.sort && { sort: state.sort }) };
}

/** Whether fewer than all photos are asked for. */
export function isNarrowed(state: SearchState): boolean {
  return isCompared(state) || countFilters(state) > 0;
}

/** Whether results are ranked by how well they match. */
export function isRanked(state: SearchState): boolean {
  return isCompared(state) && (state.sort ?? "relevance") === "relevance";
}

/** Whether photos are compared with something. */
export function isCompared(state: SearchState): boolean {
  return state.q !== "" || state.like !== null || state.example !== null || state.liked.length > 0;
}

export const FILTERS = [
  "after",
  "before",
  "format",
  "camera",
  "folder",
  "person",
  "tag",
  "place",
  "region",
  "album",
  "color",
  "rating",
  "min_size",
  "max_size",
  "position",
  "text",
  "hidden",
  "box",
] as const satisfies readonly (keyof SearchState)[];

export function noFilters(): Partial<SearchState> {
  return { ...Object.fromEntries(FILTERS.map((name) => [name, NOTHING[name]])), mostly: false };
}

export function countFilters(state: SearchState): number {
  return FILTERS.reduce((count, name) => {
    const value = state[name];
    return (
      count +
      (name === "box" ? Number(value !== null) : Array.isArray(value) ? value.length : Number(value !== NOTHING[name]))
    );
  }, 0);
}

/** A value put into a list of values, or taken out if it is in it. */
export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}

/** Whether this part of a query asks for the photos that were hidden. */
export function asksForHidden(chip: Understood["chips"][number]): boolean {
  return chip.kind === "is" && chip.text === "hidden" && !chip.negated;
}
