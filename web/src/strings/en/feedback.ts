import { n } from "../counts";

export const feedback = {
  title: "Your words",
  like: "This is meant: more like it",
  unlike: "Take the thumb back",
  dislike: "Not meant: less like it",
  liked: (count: number) => `${n(count)} meant`,
  disliked: (count: number) => `${n(count)} not meant`,
  remember: "Remember",
  rememberHint: "Keep these thumbs, so that the library can learn what your words mean (Settings)",
  kept: (count: number) => (count === 1 ? "1 thumb is remembered" : `${n(count)} thumbs are remembered`),
  hint: "Thumbs on results refine a search at once. Those you let the page remember can teach the library what your own words mean, such as names of pets and places. Photos are not indexed anew, and it can be taken back.",
  said: (likes: number, dislikes: number, queries: number) =>
    likes + dislikes === 0
      ? "Nothing is remembered yet."
      : `Meant: ${n(likes)}, not meant: ${n(dislikes)}, in ${queries === 1 ? "1 search" : `${n(queries)} searches`}.`,
  needed: (count: number) => `${n(count)} more that are meant are needed before anything can be learned.`,
  learn: "Learn from them",
  learning: "Learning …",
  revert: "Go back",
  reverted: "Words are read as before",
  refused: "Nothing has changed.",
  revision: (when: string, heldBack: number) =>
    `Learned on ${when}. Checked on ${n(heldBack)} photos that were kept out of the learning:`,
  before: "Before",
  after: "After",
  ndcg: "How far in front they come (1 is best)",
  order: "In front of another photo",
  everyday: (share: string) => `Everyday words keep ${share} of their meaning.`,
  facts: "What is remembered",
  likes: "Meant",
  dislikes: "Not meant",
  erase: (query: string) => `Forget what was said of “${query}”`,
  erased: (count: number) => (count === 1 ? "1 thumb is forgotten" : `${n(count)} thumbs are forgotten`),
} as const;
