/** Every English text of the page. A translation is another object of the type `Strings`; texts with numbers are functions. */
import { duplicates } from "./en/duplicates";
import { access } from "./en/access";
import { people } from "./en/people";
import { settings } from "./en/settings";
import { map } from "./en/map";
import { timeline } from "./en/timeline";
import { indexing } from "./en/indexing";
import { albumsPage } from "./en/albums";
import { feedback } from "./en/feedback";
import { tagsPage } from "./en/tags";
import { texts } from "./en/texts";

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
    tags: "Tags",
    duplicates: "Duplicates",
    indexing: "Indexing",
    settings: "Settings",
    more: "More",
    morePages: "More pages",
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
    tile: (name: string, taken: string | null, score: number | null, lasts: string | null = null, moves = false) =>
      [
        name,
        taken,
        lasts && `lasts ${lasts}`,
        moves && "motion photo",
        score === null ? null : `${Math.round(score * 100)} % match`,
      ]
        .filter(Boolean)
        .join(", "),
    duration: (at: string | null, whole: string) => (at === null ? whole : `${at} / ${whole}`),
    score: (score: number) => `${Math.round(score * 100)} %`,
    select: "Select",
    motion: "Motion photo",
    missing: "The file was gone at the last look",
    noPicture: "The picture cannot be shown",
  },
  selection: {
    label: "Selected photos",
    count: (count: number) => `${n(count)} selected`,
    clear: "Clear the selection",
    album: "Put into an album",
    tag: "Tags",
    rate: "Rate",
    noRating: "No rating",
    export: "Export",
    hide: "Hide",
    unhide: "Show again",
  },
  exporting: {
    title: (count: number) => `Export ${photos(count)}`,
    what: "What to save",
    save: "Save",
    working: "Preparing…",
    kinds: { originals: "Originals", previews: "Previews", csv: "Table (CSV)", json: "Data (JSON)" },
    hints: {
      originals: "A ZIP of the files as they are",
      previews: "A ZIP of smaller WebP pictures",
      csv: "Paths, dates, sizes and places, for a spreadsheet",
      json: "The same for programs",
    },
  },
  curation: {
    hidden: (count: number) => `${photos(count)} hidden`,
    unhidden: (count: number) => `${photos(count)} shown again`,
    tagged: (count: number, name: string) => `${photos(count)} tagged “${name}”`,
    untagged: (count: number, name: string) =>
      count === 1 ? `Tag “${name}” removed` : `Tag “${name}” taken off ${photos(count)}`,
    rated: (count: number, stars: number | null) =>
      stars === null
        ? `Rating taken off ${photos(count)}`
        : `${photos(count)} rated ${stars === 1 ? "1 star" : `${n(stars)} stars`}`,
    added: (count: number, album: string) => `${photos(count)} put into “${album}”`,
    removed: (count: number, album: string) => `${photos(count)} taken out of “${album}”`,
  },
  albums: {
    pick: (count: number) => `Put ${photos(count)} into an album`,
    name: "Album name",
    make: "New album",
    takeOut: (album: string) => `Take out of ${album}`,
  },
  tags: {
    add: "Add a tag",
    addTo: (count: number) => `Tag ${photos(count)}`,
    takeOff: "Take off",
    auto: "Found by sight",
    keywords: "From the file",
    source: (source: string, confidence: number) =>
      source === "auto"
        ? `Found by sight, ${Math.round(confidence * 100)} % sure`
        : source === "keywords"
          ? "Keyword in the file itself"
          : "Your tag",
  },
  search: {
    label: "Search photos",
    placeholder: "Describe a photo: “dog on a beach”",
    suggestions: "Suggestions",
    translated: (text: string, language: string) => `Searched for: ${text} (${language})`,
    kind: (kind: string) =>
      ({
        tag: "Tag",
        person: "Person",
        camera: "Camera",
        album: "Album",
        folder: "Folder",
        recent: "Searched before",
        word: "",
      })[kind] ?? kind,
    byImage: "Search by an image",
    drop: "Search by this image",
    noImage: "That is no image.",
    example: "Like your image",
    exampleGone: "The image of this search is not on this machine any more.",
    exampleGoneHint: "Drop it on the page once more, or paste it.",
    like: "Like this photo",
    image: "Image",
    words: "Words",
    weight: "How much the image counts against the words",
    mean: (what: string) => `Did you mean ${what}?`,
    understood: "Read as",
    not: (what: string) => `not ${what}`,
    many: "The best matches first",
    everything: "Weak matches too",
    scope: "Photos shown here",
    asPhotos: "All results",
    onTimeline: "Timeline",
    onMap: "Map",
  },
  filters: {
    title: "Filters",
    clear: "Clear filters",
    close: "Close the filters",
    show: "Show photos",
    none: "Nothing to choose from",
    look: (what: string) => `Find: ${what}`,
    more: (count: number) => `${n(count)} more`,
    date: "Date",
    from: "From",
    to: "To",
    histogram: "Photos over time: drag to choose a span, or type dates below",
    bar: (from: string, to: string | null, count: number) =>
      `${to === null ? from : `${from} – ${to}`}: ${photos(count)}`,
    between: (after: string | null, before: string | null) =>
      after === null
        ? `until ${before ?? ""}`
        : before === null
          ? `since ${after}`
          : after === before
            ? after
            : `${after} – ${before}`,
    rating: "Rating",
    atLeast: (stars: number) =>
      stars === 5 ? "5 stars" : stars === 1 ? "1 star or more" : `${n(stars)} stars or more`,
    person: "Person",
    people: "People",
    tag: "Tags",
    color: "Colour",
    colors: ["Red", "Orange", "Yellow", "Green", "Teal", "Blue", "Purple", "Pink", "Brown", "White", "Grey", "Black"],
    ownColor: "Any colour",
    mostly: "Mostly this colour",
    mostlyColor: (color: string) => `mostly ${color}`,
    places: "Place",
    near: "Near a town",
    town: "Town",
    region: "Region",
    country: "Country",
    position: "On the map",
    text: "Text",
    hasText: "Has text in it",
    box: "Part of the map",
    album: "Album",
    folder: "Folder",
    camera: "Camera",
    format: "Format",
    size: "File size",
    sizes: (min: string | null | 0, max: string | null | 0) =>
      !min ? `up to ${max || "any size"}` : !max ? `${min} or more` : `${min} – ${max}`,
    hidden: "Hidden",
    showHidden: "Show the hidden photos",
  },
  view: {
    title: "View",
    grid: "Grid",
    list: "List",
    sort: "Order",
    sorts: { relevance: "Best match first", newest: "Newest first", oldest: "Oldest first" },
    size: "Size",
    sizes: { small: "Small", medium: "Medium", large: "Large" },
  },
  empty: {
    library: "No photos yet",
    libraryHint:
      "Choose a folder, and its photos can be found by what they show. They stay where they are; nothing leaves this machine.",
    add: "Add a folder",
    orType: "Or in a terminal:",
    nothing: "No photo matches",
    advice: [
      "Describe what is to be seen: things, scenes, colours",
      "Use fewer words, or other ones",
      "Take a filter away",
    ],
    hidden: "No photo is hidden",
    unsure: "Nothing matches well",
    unsureHint: (best: number) =>
      `The nearest photo is a match with a probability of ${Math.max(1, Math.round(best * 100))} %. It may still be the one you mean.`,
    showAll: "Show the nearest anyway",
  },
  viewer: {
    label: "Photo",
    previous: "Previous photo",
    next: "Next photo",
    place: (place: number, total: number | null) => (total === null ? n(place) : `${n(place)} of ${n(total)}`),
    zoom: (scale: number) => `${Math.round(scale * 100)} %`,
    info: "Information",
    palette: "Colours",
    share: (color: string, percent: number) => `${color}, ${n(percent)} % of the picture: photos that have it too`,
    closeInfo: "Close the information",
    like: "More like this",
    album: "Put into an album",
    download: "Download the original",
    copyPath: "Copy the path",
    copied: "Path copied",
    hide: "Hide this photo",
    fullScreen: "Full screen",
    facesOn: "Show faces",
    facesOff: "Hide the frames of faces",
    textOn: "Show text",
    textOff: "Hide the frames of text",
    unnamed: "Not named",
    scenes: "Scenes",
    motionOn: "Play the motion photo",
    motionOff: "Show the photo",
    playFrom: (at: string) => `Play from ${at}`,
    notPlayable: "This browser cannot play the video. Download it to see it with another program.",
    shortcuts: "Keys",
    more: "More actions",
    add: "Add",
    why: (score: number) => `Match: ${Math.round(score * 100)} %`,
    undated: "Without a date",
    modified: (when: string) => `File changed ${when}`,
    altitude: (metres: number) => `${n(metres)} m above the sea`,
    map: "Show on the map",
    megapixels: (count: number) => `${count >= 10 ? Math.round(count) : count.toFixed(1)} MP`,
    folder: "All of this folder",
    missing: "The file was not there when the folder was last looked at. It may have been moved or deleted.",
    exif: (count: number) => `All ${n(count)} entries of the file`,
    stars: (count: number) => (count === 1 ? "1 star" : `${n(count)} stars`),
    noStars: "Take the rating away",
    keys: [
      ["← →", "Previous, next photo; while zoomed in: move the picture"],
      ["Esc", "Back to the photos"],
      ["+ -", "Zoom in, out"],
      ["z", "Whole picture, or every pixel"],
      ["f", "Full screen"],
      ["i", "Information"],
      ["1 … 5", "Rate; 0 takes the rating away"],
      ["m", "More like this"],
      ["l u", "In a search: this is meant, this is not"],
      ["a", "Put into an album"],
      ["d", "Download the original"],
      ["c", "Copy the path"],
      ["p", "Frames around faces"],
      ["t", "Text: frames around it, to select and copy"],
      ["v", "Motion photo: play its video, back to the photo"],
      ["Space", "Video: play, pause"],
      [", .", "Video: previous, next scene"],
      ["h", "Hide"],
      ["?", "This list"],
    ] as readonly (readonly [string, string])[],
  },
  albumsPage,
  feedback,
  tagsPage,
  texts,
  duplicates,
  indexing,
  peoplePages: people,
  access,
  settings,
  map,
  timeline,
} as const;

export type Strings = typeof en;
