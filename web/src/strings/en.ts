/** Every English text of the page. A translation is another object of the type `Strings`; texts with numbers are functions. */

const number = new Intl.NumberFormat("en");
const n = (value: number) => number.format(value);
const photos = (count: number) => (count === 1 ? "1 photo" : `${n(count)} photos`);

export const en = {
  language: "en",
  app: "smartsearch",
  skip: "Skip to the photos",
  nav: {
    label: "Pages",
    photos: "Photos",
    timeline: "Timeline",
    map: "Map",
    albums: "Albums",
    people: "People",
    indexing: "Indexing",
    settings: "Settings",
    more: "More",
  },
  common: {
    close: "Close",
    cancel: "Cancel",
    save: "Save",
    undo: "Undo",
    retry: "Try again",
    remove: (what: string) => `Remove ${what}`,
    clear: "Clear",
    loading: "Loading",
    dismiss: "Dismiss",
    photos,
    number: n,
  },
  theme: { label: "Theme", system: "As the system", light: "Light", dark: "Dark" },
  errors: {
    title: "That did not work",
    offline: "The server does not answer. Is smartsearch serve still running?",
    unexpected: "Something went wrong on this page.",
    reload: "Reload the page",
    notFound: "There is no such page",
    notFoundHint: "The address may be mistyped, or the page has moved.",
    home: "Go to all photos",
  },
  grid: {
    label: "Photos",
    tile: (name: string, taken: string | null, score: number | null) =>
      [name, taken, score === null ? null : `${Math.round(score * 100)} % match`].filter(Boolean).join(", "),
    score: (score: number) => `${Math.round(score * 100)} %`,
    select: "Select",
    missing: "The file was gone at the last look",
    noPicture: "The picture cannot be shown",
  },
  selection: {
    label: "Selected photos",
    count: (count: number) => `${n(count)} selected`,
    clear: "Clear the selection",
  },
  search: {
    label: "Search photos",
    placeholder: "Describe a photo: “dog on a beach”",
    nothing: "No photo matches",
  },
  viewer: {
    label: "Photo",
    previous: "Previous photo",
    next: "Next photo",
  },
} as const;

export type Strings = typeof en;
