import { en, type Strings } from "./en";

/** The texts in the user's language. English is the only one so far; another is chosen here by `navigator.language`. */
export const s: Strings = en;
