import { counted, n } from "../counts";

const photos = (count: number) => counted(count, "photo");

export const indexing = {
  about: "Photos are read where they lie. Nothing is copied, moved or changed, and nothing leaves this machine.",
  readOnly: "The library is open for reading only: another program is working on it, or its folder is write-protected.",
  run: {
    title: "Indexing",
    progress: "Progress",
    running: "Looking at your photos",
    tagging: "Finding tags",
    counting: "Looking for photos",
    count: (done: number, total: number) => `${n(done)} of ${counted(total, "file")}`,
    rate: (perSecond: number) =>
      perSecond >= 10 ? `${n(Math.round(perSecond))} a second` : `${perSecond.toFixed(1)} a second`,
    left: (time: string) => `about ${time} left`,
    errors: (count: number) => `${n(count)} could not be read`,
    pause: "Pause",
    pausing: "Pausing",
    paused: "Paused",
    resume: "Resume",
    failed: "Indexing stopped",
    interrupted: "Indexing was interrupted",
    nothingLost: "Nothing is lost: it goes on where it stopped.",
    done: "Up to date",
    looked: (moment: string) => `Last look: ${moment}`,
    scan: "Look for changes",
    waiting: (count: number) => `${counted(count, "new folder")} will be read when this run has ended.`,
  },
  totals: {
    photos: (count: number) => `${photos(count)} in the library`,
    missing: (count: number) => `${n(count)} missing at the last look`,
    size: (size: string) => `${size} of index`,
  },
  folders: {
    title: "Folders",
    hint: "The folders whose photos you can find here, with everything below them.",
    none: "Which photos do you want to find?",
    noneHint: "Add the folder that holds your photos. They stay where they are; only an index is made beside them.",
    add: "Add a folder",
    added: (path: string) => `${path} was added`,
    onlyThis: "without the folders below",
    away: "Not there right now",
    awayHint: "Its photos stay in the library until the disk is back.",
    look: "Look for changes",
    remove: "Remove from the library",
    more: (path: string) => `More for ${path}`,
    show: "Show its photos",
  },
  browser: {
    title: "Add a folder",
    label: "Folders",
    up: "Up",
    start: "Start",
    path: "Folder",
    typed: "Go to this folder",
    none: "No folders in here. You can add this one.",
    indexed: "in the library",
    recursive: "Also the folders below it",
    add: (name: string) => `Add “${name}”`,
    choose: "Choose a folder",
    limits: (folders: readonly string[]) =>
      `Only what lies below ${folders.join(", ")} can be added here. The setting server.browse decides that.`,
  },
  erase: {
    item: "Erase its traces",
    title: "Erase the traces of this folder?",
    hint: (path: string, count: number) =>
      `All that is known of ${path}: ${photos(count)} with their tags, faces and texts, thumbnails and earlier searches for it. It is overwritten and cannot be undone. The photos stay where they are; backups are as they were.`,
    action: "Erase for good",
    running: "The traces are being erased",
    done: (count: number) => `The traces of ${photos(count)} are erased`,
    left: (files: string) => `The path still stands in ${files}: settings or albums of yours`,
    failed: "Nothing is certain: erase the folder again",
  },
  remove: {
    title: "Remove this folder from the library?",
    forgets: (count: number) =>
      count === 0
        ? "None of its photos is in the library yet."
        : `${photos(count)} will be forgotten, with their tags, ratings, faces and places in albums. This cannot be undone.`,
    keeps: "The photos themselves stay on the disk, untouched. You can add the folder again; it is then read anew.",
    action: "Remove the folder",
    done: (count: number) => `The folder was removed, ${photos(count)} forgotten`,
  },
  exclusions: {
    title: "Leave out",
    hint: "One pattern a line, as in a .gitignore file. Trash, caches and thumbnails of other programs are left out anyway.",
    example: "Screenshots/\n*.gif\nold-phone/**",
    label: "Patterns",
    saved: "Saved. The next look for changes follows them.",
  },
  errors: {
    title: "Files that could not be read",
    hint: "They cost nothing but themselves. Try again when you have repaired them or mounted the disk.",
    none: "Every file could be read.",
    retry: "Try them again",
    more: "Show more",
    file: "File",
    reason: "Reason",
    seen: "Seen",
    kind: (code: string) =>
      ({
        corrupt: "Damaged",
        "too-large": "Too large",
        "too-small": "Too small",
        unsupported: "Unknown format",
        timeout: "Took too long",
        permission: "No permission",
        memory: "Needs too much memory",
      })[code] ?? code.replaceAll("-", " "),
  },
  time: {
    seconds: (value: number) => counted(value, "second"),
    minutes: (value: number) => counted(value, "minute"),
    hours: (value: number) => counted(value, "hour"),
  },
} as const;
