import { counted } from "../counts";

export const tagsPage = {
  count: (count: number) => counted(count, "tag"),
  find: "Find a tag",
  nothing: (sought: string) => `No tag is called “${sought}”.`,
  photos: (count: number) => (count === 1 ? "photo" : "photos"),
  expand: (name: string) => `Show what lies below ${name}`,
  collapse: (name: string) => `Hide what lies below ${name}`,
  more: (name: string) => `More for ${name}`,
  yours: "Your tag",
  move: "Rename or move",
  moveTitle: (name: string) => `Rename or move “${name}”`,
  name: "Name",
  moveHint: "A slash puts it below another tag: animal/dog. What lies below it moves along.",
  merge: (name: string) => `There is a tag “${name}”: the two become one, which cannot be undone.`,
  moved: (name: string, photos: string) => `Now called “${name}”, on ${photos}`,
  delete: "Delete the tag",
  deleteTitle: (name: string) => `Delete “${name}”?`,
  deleteHint: (photos: string) =>
    `Your tag, and what of yours lies below it, is taken off every photo it is on (${photos} are under it, those tagged by sight or in their files among them). The photos stay. It cannot be undone.`,
  deleted: (name: string, photos: string) => `“${name}” was taken off ${photos}`,
  note: "Tags found by sight, and keywords in files, stay as they are: only your own can be changed.",
  none: "No tags yet",
  noneHint:
    "Photos get tags by what is seen in them when they are indexed, from the keywords in their files, and from you: select photos and choose “Tags”. A slash makes levels: animal/dog.",
  toPhotos: "Go to the photos",
} as const;
