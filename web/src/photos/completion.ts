/** Completing the last word of a query. */

/** The word being typed: from the last blank outside quotes to the end. */
export function lastWord(text: string): string {
  return text.slice(startOfLastWord(text));
}

/** The text with its last word replaced by what was suggested, ready for the next word. */
export function completed(text: string, insert: string): string {
  return `${text.slice(0, startOfLastWord(text))}${insert} `;
}

function startOfLastWord(text: string): number {
  let quoted = false;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '"') quoted = !quoted;
    else if (/\s/.test(text[index] ?? "") && !quoted) start = index + 1;
  }
  return start;
}

/** A query without one of its parts, the blanks around it closed up. */
export function without(text: string, start: number, end: number): string {
  return `${text.slice(0, start)} ${text.slice(end)}`.replace(/\s+/g, " ").trim();
}

/** A query with one of its parts written differently. */
export function replaced(text: string, start: number, end: number, by: string): string {
  return `${text.slice(0, start)}${by}${text.slice(end)}`;
}

/** A value of a field, in quotes where it has to be. */
export function quoted(value: string): string {
  return /[\s,()"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value;
}

/** A query whose words by meaning stand in quotes, so that they are taken as they are and not translated. */
export function asTyped(text: string, chips: readonly { kind: string; start: number; end: number }[]): string {
  const words = chips.filter((chip) => chip.kind === "words" && !text.slice(chip.start, chip.end).includes('"'));
  const starts = new Map(words.map((chip) => [chip.start, chip.end]));
  return [...starts]
    .sort(([a], [b]) => b - a)
    .reduce((query, [start, end]) => replaced(query, start, end, `"${query.slice(start, end)}"`), text);
}
