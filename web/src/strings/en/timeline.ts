import { counted } from "../counts";

export const timeline = {
  unit: "Group by",
  day: "Days",
  month: "Months",
  year: "Years",
  scrubber: "Time",
  heading: (label: string, count: number) => `${label} · ${counted(count, "photo")}`,
  none: "No photos yet",
  noneHint: "Add a folder with photos, and they line up here by the day they were taken.",
  add: "Add a folder",
  noMatch: "No photo matches",
  all: "Show all photos",
} as const;
