/**
 * Paths that have been told to members of a group with ADD-PATH, one record each, chained by destination.
 *
 * ```
 *   destination ─► record (8 words), its number is the path identifier ─► next record …
 *   ┌─────────────┬─────────────────────┬───────────────┬────────┬───────┬─────────┬──────────┬──────┐
 *   │ destination │ source·2 + secondary│ discriminator │ serial │ label │ current │ outdated │ next │
 *   └─────────────┴─────────────────────┴───────────────┴────────┴───────┴─────────┴──────────┴──────┘
 *
 *   source, discriminator   which path it is, as in the table
 *   serial, label           its latest version: of its attribute set, and its label word as far as others see it
 *   current, outdated       members that have been told this version, and an earlier one
 * ```
 * A record lives while the path is told to anybody, so the identifier of a path stays the same, and is given to another
 * path only after everybody was told that the first one is gone.
 * @see RFC 7911 §2
 */
import { pathFlag } from './destinations.ts';
import { NOBODY } from './receivers.ts';

const WORDS = 8;
const DESTINATION = 0;
const SOURCE = 1;
const DISCRIMINATOR = 2;
const SERIAL = 3;
const LABEL = 4;
const CURRENT = 5;
const OUTDATED = 6;
const NEXT = 7;

/** The label field and the flag that changes what others are told. */
const SHOWN = ~0xff | pathFlag.longLivedStale;

/** Records by number from 1; 0 is none. */
export class ToldPaths {
  #words = new Int32Array(0);
  #top = 1;
  readonly #freed: number[] = [];
  /** By destination: its first record. */
  #heads = new Int32Array(0);

  /** Has room for destinations below `capacity`. */
  reserve(top: number, capacity: number): void {
    if (this.#heads.length >= top) return;
    const grown = new Int32Array(capacity);
    grown.set(this.#heads);
    this.#heads = grown;
  }

  /** Forgets everything: nobody is left. */
  clear(): void {
    this.#words = new Int32Array(0);
    this.#heads = new Int32Array(0);
    this.#top = 1;
    this.#freed.length = 0;
  }

  /** A record that nobody has been told of, in no chain. */
  allocate(destination: number, source: number, discriminator: number): number {
    const record = this.#freed.pop() ?? this.#top++;
    const at = record * WORDS;
    if (at + WORDS > this.#words.length) {
      const grown = new Int32Array(Math.max(64 * WORDS, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    const words = this.#words;
    words[at + DESTINATION] = destination;
    words[at + SOURCE] = source;
    words[at + DISCRIMINATOR] = discriminator;
    words[at + SERIAL] = 0;
    words[at + LABEL] = 0;
    words[at + CURRENT] = NOBODY;
    words[at + OUTDATED] = NOBODY;
    words[at + NEXT] = 0;
    return record;
  }

  /** Frees a record; its number may be given out by the next {@link allocate}. */
  release(record: number): void {
    this.#freed.push(record);
  }

  /** The first record of a destination, 0 without one. */
  first(destination: number): number {
    return this.#heads[destination] ?? 0;
  }

  /** Makes a record the first of a destination. */
  setFirst(destination: number, record: number): void {
    this.#heads[destination] = record;
  }

  /** The record behind another one, 0 behind the last. */
  next(record: number): number {
    return this.#words[record * WORDS + NEXT]!;
  }

  /** Links a record behind another one. */
  setNext(record: number, next: number): void {
    this.#words[record * WORDS + NEXT] = next;
  }

  /** The destination of a record. */
  destination(record: number): number {
    return this.#words[record * WORDS + DESTINATION]!;
  }

  /** The label word of the path: the label field and whether it is long-lived stale. */
  label(record: number): number {
    return this.#words[record * WORDS + LABEL]!;
  }

  /** Whether a record is the one of a path. */
  isOf(record: number, source: number, discriminator: number): boolean {
    const at = record * WORDS;
    return this.#words[at + SOURCE] === source && this.#words[at + DISCRIMINATOR] === discriminator;
  }

  /** Notes the version of a path there is now; returns whether it is another one than before. */
  update(record: number, serial: number, label: number): boolean {
    const words = this.#words;
    const at = record * WORDS;
    const shown = label & SHOWN;
    if (words[at + SERIAL] === serial && words[at + LABEL] === shown) return false;
    words[at + SERIAL] = serial;
    words[at + LABEL] = shown;
    return true;
  }

  /** Members that have been told the latest version of a path. */
  current(record: number): number {
    return this.#words[record * WORDS + CURRENT]!;
  }

  /** Members that have been told an earlier version and not the latest. */
  outdated(record: number): number {
    return this.#words[record * WORDS + OUTDATED]!;
  }

  /** Notes who has been told what. */
  setHolders(record: number, current: number, outdated: number): void {
    this.#words[record * WORDS + CURRENT] = current;
    this.#words[record * WORDS + OUTDATED] = outdated;
  }

  /** Visits every record that is in a chain. */
  forEach(visit: (record: number) => void): void {
    for (const head of this.#heads) {
      for (let record = head; record !== 0; record = this.next(record)) visit(record);
    }
  }

  /** Gives each set of members that is kept its new number. */
  renumber(save: (set: number) => number): void {
    this.forEach((record) =>
      this.setHolders(record, save(this.current(record)), save(this.outdated(record))),
    );
  }
}
