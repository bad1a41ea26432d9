/** A list of results that is loaded in blocks where it is looked at, however long it is. */
import { answered, client } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Found, SearchBody, SearchPage } from "@/api/types";

/** Results per request; also the grid's unit of layout. */
export const BLOCK = 120;

/** Requests under way at a time: whoever drags the scrollbar past 50 blocks wants the last of them, not all. */
const AT_ONCE = 2;

/** What is asked, without paging. */
export type Question = Omit<SearchBody, "top_k" | "explain" | "cursor">;

/** The first page of an answer, however it was asked for. */
export type AskFirst = () => Promise<SearchPage>;

export class Results {
  /** Of the first page: cut-off, what was understood and the like. */
  first: SearchPage | null = null;
  error: unknown = null;
  /** Grows with every change: what React compares. */
  version = 0;

  readonly #ask: AskFirst;
  readonly #blocks = new Map<number, Found[]>();
  readonly #loading = new Set<number>();
  readonly #removed = new Set<number>();
  readonly #listeners = new Set<() => void>();
  #wanted: number[] = [];
  #name: string | null = null;
  #renewed: Promise<void> | null = null;
  /** Results that surely exist. */
  #known = 0;
  #ended = false;

  constructor(ask: AskFirst) {
    this.#ask = ask;
    void this.#begin();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): number => this.version;

  /** How many places there are; while the end is unknown, one block more than was seen. */
  get length(): number {
    return this.total ?? this.#known + (this.#ended || this.first === null ? 0 : BLOCK);
  }

  /** How many results there are, null while nobody knows. */
  get total(): number | null {
    return this.#ended ? this.#known : (this.first?.total ?? null);
  }

  get blocks(): number {
    return Math.ceil(this.length / BLOCK);
  }

  /** How many places a block has. */
  size(block: number): number {
    return this.#shown(block)?.length ?? Math.max(0, Math.min(BLOCK, this.length - block * BLOCK));
  }

  isLoaded(block: number): boolean {
    return this.#blocks.has(block);
  }

  /** Names what a loaded block shows. */
  idsOf(block: number): string {
    return (this.#shown(block) ?? []).map((hit) => hit.image.id).join();
  }

  /** The result at a place; undefined while it is not loaded, and where nothing is. */
  at(place: number): Found | undefined {
    return this.#shown(Math.floor(place / BLOCK))?.[place % BLOCK];
  }

  /** The place of an image among what is loaded, -1 if it is not there. */
  placeOf(id: number): number {
    for (const block of this.#blocks.keys()) {
      const found = this.#shown(block)?.findIndex((hit) => hit.image.id === id) ?? -1;
      if (found >= 0) return block * BLOCK + found;
    }
    return -1;
  }

  /** The next loaded place in a direction (1 or -1). */
  neighbour(place: number, step: 1 | -1): number | null {
    for (let next = place + step; next >= 0 && next < this.length; next += step) {
      if (this.at(next)) return next;
      if (!this.isLoaded(Math.floor(next / BLOCK))) return next;
    }
    return null;
  }

  /** Load these blocks, the first one first; what was wanted before and has not begun is dropped. */
  want(blocks: readonly number[]): void {
    this.#wanted = blocks.filter((block) => block >= 0 && block < Math.max(1, this.blocks));
    this.#pump();
  }

  /** Load everything between two places. */
  async ensure(from: number, to: number): Promise<void> {
    for (let block = Math.floor(from / BLOCK); block <= Math.floor(to / BLOCK); block++)
      if (!this.isLoaded(block)) await this.#load(block);
  }

  /** Why the result at a place is there. */
  async explain(place: number): Promise<Found | undefined> {
    if (this.#name === null) return undefined;
    const page = await answered(
      client.POST("/api/v1/search", { body: { cursor: `${this.#name}.${place}`, top_k: 1, explain: true } }),
    );
    return page.results[0];
  }

  /** Change what is shown of one image. */
  patch(id: number, change: Partial<Found["image"]>): void {
    for (const hits of this.#blocks.values()) {
      const place = hits.findIndex((hit) => hit.image.id === id);
      const hit = hits[place];
      if (hit) hits[place] = { ...hit, image: { ...hit.image, ...change } };
    }
    this.#changed();
  }

  /** Show images no longer, or again (when it is undone). */
  remove(ids: readonly number[], removed = true): void {
    for (const id of ids)
      if (removed) this.#removed.add(id);
      else this.#removed.delete(id);
    this.#changed();
  }

  /** Ask anew after a failure. */
  retry(): void {
    this.error = null;
    if (this.first) this.#pump();
    else void this.#begin();
    this.#changed();
  }

  async #begin(): Promise<void> {
    try {
      const page = await this.#ask();
      this.first = page;
      this.#keep(0, page);
    } catch (error) {
      this.error = error;
    }
    this.#changed();
    this.#pump();
  }

  #keep(block: number, page: SearchPage): void {
    this.#blocks.set(block, page.results);
    this.#known = Math.max(this.#known, block * BLOCK + page.results.length);
    this.#name = nameOf(page.cursor);
    if (page.total !== null) {
      if (this.first) this.first = { ...this.first, total: page.total };
    } else if (!page.next_cursor) this.#ended = true;
  }

  #pump(): void {
    if (this.first === null || this.error !== null) return;
    for (const block of this.#wanted) {
      if (this.#loading.size >= AT_ONCE) return;
      if (!this.isLoaded(block) && !this.#loading.has(block) && block < this.blocks) void this.#load(block);
    }
  }

  async #load(block: number): Promise<void> {
    if (this.#name === null || this.#loading.has(block)) return;
    this.#loading.add(block);
    try {
      this.#keep(block, await this.#page(block));
    } catch (error) {
      this.error = error;
    }
    this.#loading.delete(block);
    this.#changed();
    this.#pump();
  }

  async #page(block: number): Promise<SearchPage> {
    const read = () =>
      answered(
        client.POST("/api/v1/search", {
          body: { cursor: `${this.#name ?? ""}.${block * BLOCK}`, top_k: BLOCK },
        }),
      );
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 410) throw error;
      // The server has forgotten the answer (it restarted, or the answer is old): the same question again, and read on.
      this.#renewed ??= this.#ask().then((page) => {
        this.#name = nameOf(page.cursor);
      });
      await this.#renewed;
      this.#renewed = null;
      return read();
    }
  }

  #shown(block: number): Found[] | undefined {
    const hits = this.#blocks.get(block);
    return hits && this.#removed.size > 0 ? hits.filter((hit) => !this.#removed.has(hit.image.id)) : hits;
  }

  #changed(): void {
    this.version++;
    for (const listener of this.#listeners) listener();
  }
}

/** A cursor is NAME.PLACE; the place may be changed. */
function nameOf(cursor: string): string {
  return cursor.slice(0, cursor.lastIndexOf("."));
}

/** Lists of the last questions, so that going back shows them at once and where they were. */
const kept = new Map<string, Results>();
const KEPT = 12;

export function resultsOf(key: string, ask: AskFirst): Results {
  const found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found);
    return found;
  }
  const made = new Results(ask);
  kept.set(key, made);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return made;
}

/** After a change to the library: questions are asked anew when they are looked at again. */
export function forgetResults(): void {
  kept.clear();
}

/** The first page of a plain question. */
export function asking(question: Question): AskFirst {
  return () => answered(client.POST("/api/v1/search", { body: { ...question, top_k: BLOCK } }));
}
