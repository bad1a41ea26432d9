/** Figures in English texts. */
const figures = new Intl.NumberFormat("en");

export const n = (value: number) => figures.format(value);

/** "1 photo", "2,000 photos". */
export const counted = (count: number, one: string, many = `${one}s`) => `${n(count)} ${count === 1 ? one : many}`;
