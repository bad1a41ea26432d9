import { counted } from "../counts";

export const albumsPage = {
  count: (count: number) => counted(count, "album"),
  new: "New album",
  name: "Name",
  placeholder: "Lisbon in spring",
  make: "Make the album",
  rename: "Rename",
  renameTitle: "Rename the album",
  delete: "Delete the album",
  deleted: (name: string) => `“${name}” was deleted. Its photos stay in the library.`,
  more: (name: string) => `More for ${name}`,
  back: "All albums",
  none: "No albums yet",
  noneHint:
    "An album is a pile of photos that you put together. Make one here, or select photos anywhere and put them in. The files stay where they are.",
  empty: "This album is empty",
  emptyHint:
    "Go to your photos, select some (a click on the circle at the corner, or hold one on a touch screen), and add them to the album.",
  toPhotos: "Go to the photos",
  oldestFirst: "Oldest first",
  newestFirst: "Newest first",
} as const;
