import { counted } from "../counts";

const photos = (count: number) => counted(count, "photo");

export const map = {
  label: "Map of photos",
  cluster: (count: number) => photos(count),
  here: (count: number) => `Show ${count === 1 ? "the photo" : `the ${photos(count)}`} in this area`,
  nothingHere: "No photos in this area",
  draw: "Draw a box to search in",
  drawing: "Drag a box over the map. Esc ends it.",
  all: "Show all of them",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  source: "Natural Earth",
  none: "No photo says where it was taken",
  noneHint:
    "Phones and some cameras write their position into each photo. As soon as there are such photos in the library, they stand here on the map, which needs no network.",
  add: "Add a folder",
  noMatch: "None of these photos says where it was taken",
  everything: "Show all photos",
} as const;
