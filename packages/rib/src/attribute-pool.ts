/**
 * Attribute sets: path attributes as they came over the wire, together with next hop and source, stored once.
 *
 * Whatever is decided about routes is decided here once per attribute set and not once per route: validation, loops,
 * policy, route targets, preference. A record has sixteen words:
 *
 * ```
 *   0 hash        1 offset in the arena      2 octets: attributes | next hop << 16 | mark << 24
 *   3 source      4 references               5 serial (no two sets ever share one)
 *   6 feasibility 7 see RouteStore.targetListOf 8 replacement (0: itself) 9 original of a replacement
 *  10 chain (scratch of one flush)          11 facts (see setFact)       12 next original of the same replacement
 *  13–15 reserved
 *
 *   arena:  attributes without MP_REACH_NLRI and MP_UNREACH_NLRI | next hop
 * ```
 */
import { ByteArena } from './byte-arena.ts';
import { equalBytes, finishHash, hashBytes, randomSeed } from './byte-hash.ts';
import { displace, place } from './hash-slots.ts';

/** Words of a record, as a power of two. */
export const SET_WORDS_SHIFT = 4;
const SET_WORDS = 1 << SET_WORDS_SHIFT;
const HASH = 0;
const AT = 1;
const SIZE = 2;
// Words of a record that other files of this package read in their loops.
/** Number of the source. */
export const SET_SOURCE = 3;
const REFERENCES = 4;
const SET_SERIAL = 5;
/** Why paths with the set cannot be used, by its number in `feasibility`; 0 when they can. */
export const SET_FEASIBILITY = 6;
/** Number of the list of its route targets plus one, 0 before anybody asked. @see RouteStore.targetListOf */
export const SET_TARGETS = 7;
/** The set that stands for it wherever a route arrives with it, 0 when that is itself. */
export const SET_REPLACEMENT = 8;
const ORIGINAL = 9;
/** Scratch of one flush: where the items with this set begin. @see OutgoingBatch */
export const SET_CHAIN = 10;
/** What egress asks of every set, in bits. @see setFact */
export const SET_FACTS = 11;
const NEXT_ORIGINAL = 12;

const FIRST_CAPACITY = 64;
const OVER_RESERVE_FROM = 1 << 16;

/** Interns attribute sets and counts who uses them. Set 0 is "none". */
export class AttributePool {
  /** Scratch of {@link internBytes}, and a view of it. */
  #copied = new Uint8Array(4096);
  #copy = new DataView(this.#copied.buffer);
  /** Sixteen words per set; replaced when the pool grows. */
  words: Int32Array = new Int32Array(FIRST_CAPACITY << SET_WORDS_SHIFT);
  readonly arena = new ByteArena();
  /** Sets alive, unreferenced ones that still wait for {@link collect} included. */
  size = 0;
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #top = 1;
  readonly #freed: number[] = [];
  readonly #unreferenced: number[] = [];
  #serial = 0;
  /** The set that {@link intern} gave last; 0 if it has gone. */
  #last = 0;
  readonly #seed: number;
  /** Called once for every new set, to decide what is decided per set. */
  readonly #classify: (set: number) => void;
  /** Called before a set disappears. */
  readonly #forget: (set: number) => void;

  constructor(classify: (set: number) => void, forget: (set: number) => void, seed: number = randomSeed()) {
    this.#classify = classify;
    this.#forget = forget;
    this.#seed = seed;
  }

  /** First number that no set has had yet: arrays indexed by set need this many entries. */
  get capacity(): number {
    return this.words.length >>> SET_WORDS_SHIFT;
  }

  /** A copy of an array indexed by set, with room for as many as there is here; each has so many words in it. */
  withRoom(array: Int32Array, words = 1): Int32Array<ArrayBuffer> {
    const grown = new Int32Array(this.capacity * words);
    grown.set(array);
    return grown;
  }

  /**
   * The set with these attributes, next hop, source and mark; made if there is none. It is not referenced: the
   * caller holds it with {@link acquire} before the next {@link collect}.
   */
  intern(
    view: DataView,
    attributesAt: number,
    attributesLength: number,
    nextHopView: DataView,
    nextHopAt: number,
    nextHopLength: number,
    source: number,
    mark: number,
  ): number {
    const size = attributesLength | (nextHopLength << 16) | (mark << 24);
    // Messages often have the attributes of the one before.
    const last = this.#last;
    if (
      this.words[(last << SET_WORDS_SHIFT) + SIZE] === size &&
      this.words[(last << SET_WORDS_SHIFT) + SET_SOURCE] === source &&
      this.#isOf(last, view, attributesAt, attributesLength, nextHopView, nextHopAt, nextHopLength)
    ) {
      return last;
    }
    let hash = hashBytes(view, attributesAt, attributesLength, this.#seed ^ Math.imul(source, 0x9e3779b1));
    hash = finishHash(hashBytes(nextHopView, nextHopAt, nextHopLength, hash ^ mark));
    const slots = this.#slots;
    const mask = slots.length - 1;
    const words = this.words;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const set = slots[slot]!;
      if (set === 0) break;
      const record = set << SET_WORDS_SHIFT;
      if (words[record + HASH] !== hash || words[record + SIZE] !== size) continue;
      if (words[record + SET_SOURCE] !== source) continue;
      if (!this.#isOf(set, view, attributesAt, attributesLength, nextHopView, nextHopAt, nextHopLength))
        continue;
      this.#last = set;
      return set;
    }
    return this.#add(
      view,
      attributesAt,
      attributesLength,
      nextHopView,
      nextHopAt,
      nextHopLength,
      source,
      hash,
      size,
    );
  }

  /** {@link intern} for byte strings that stand alone. */
  internBytes(attributes: Uint8Array, nextHop: Uint8Array, source: number, mark: number): number {
    const length = attributes.length + nextHop.length;
    // Copied, because a view of an array as small as an address costs more than the rest.
    if (length > this.#copied.length) {
      this.#copied = new Uint8Array(2 * length);
      this.#copy = new DataView(this.#copied.buffer);
    }
    this.#copied.set(attributes, 0);
    this.#copied.set(nextHop, attributes.length);
    const view = this.#copy;
    return this.intern(view, 0, attributes.length, view, attributes.length, nextHop.length, source, mark);
  }

  /** Somebody holds the set. */
  acquire(set: number): void {
    this.words[(set << SET_WORDS_SHIFT) + REFERENCES]!++;
  }

  /** Undoes one {@link acquire}; {@link collect} frees what nobody holds. */
  release(set: number): void {
    if (--this.words[(set << SET_WORDS_SHIFT) + REFERENCES]! === 0) this.#unreferenced.push(set);
  }

  /** How many hold it. */
  references(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + REFERENCES]!;
  }

  /** Number of the source it came from. */
  source(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
  }

  /** A number that no other set has, before or after, not even one with the same `set`; 0 when there is no such set. */
  serial(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + SET_SERIAL]!;
  }

  /** A number the caller of {@link intern} had mixed into the key. */
  mark(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + SIZE]! >>> 24;
  }

  /** Offset of the attributes in {@link arena}. */
  attributesAt(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + AT]!;
  }

  /** Octets of the attributes. */
  attributesLength(set: number): number {
    return this.words[(set << SET_WORDS_SHIFT) + SIZE]! & 0xffff;
  }

  /** Offset of the next hop in {@link arena}. */
  nextHopAt(set: number): number {
    return this.attributesAt(set) + this.attributesLength(set);
  }

  /** Octets of the next hop, 0 without one. */
  nextHopLength(set: number): number {
    return (this.words[(set << SET_WORDS_SHIFT) + SIZE]! >>> 16) & 0xff;
  }

  /** A copy of the attributes. */
  attributes(set: number): Uint8Array {
    return this.arena.slice(this.attributesAt(set), this.attributesLength(set));
  }

  /** A copy of the next hop. */
  nextHop(set: number): Uint8Array {
    return this.arena.slice(this.nextHopAt(set), this.nextHopLength(set));
  }

  /** Makes `replacement` stand for `set` wherever a route arrives with it. */
  replace(set: number, replacement: number): void {
    this.words[(set << SET_WORDS_SHIFT) + SET_REPLACEMENT] = replacement;
    // Several sets may come to the same when attributes are discarded or changed.
    this.words[(set << SET_WORDS_SHIFT) + NEXT_ORIGINAL] =
      this.words[(replacement << SET_WORDS_SHIFT) + ORIGINAL]!;
    this.words[(replacement << SET_WORDS_SHIFT) + ORIGINAL] = set;
    this.acquire(set);
  }

  /** Whether a set with this serial is still the one behind the number. */
  isAlive(set: number, serial: number): boolean {
    return this.words[(set << SET_WORDS_SHIFT) + SET_SERIAL] === serial;
  }

  /** Calls `visit` for every set. */
  forEach(visit: (set: number) => void): void {
    for (let set = 1; set < this.#top; set++) {
      if (this.words[(set << SET_WORDS_SHIFT) + SET_SERIAL] !== 0) visit(set);
    }
  }

  /**
   * Frees the sets that nobody has referenced since their last reference went away, unless they are few: a route that comes
   * back as it was finds everything that was worked out about its attributes.
   * @param few so many may stay
   */
  collect(few: number): void {
    const unreferenced = this.#unreferenced;
    if (unreferenced.length <= few) return;
    for (let set = unreferenced.pop(); set !== undefined; set = unreferenced.pop()) {
      const record = set << SET_WORDS_SHIFT;
      // A set can be listed twice, or be referenced again, or have been freed by an earlier entry.
      if (this.words[record + REFERENCES] === 0 && this.words[record + SET_SERIAL] !== 0) this.#free(set);
    }
    if (this.size === 0 && this.#top > OVER_RESERVE_FROM) this.#reset();
  }

  /** Whether a set has these attributes and this next hop. */
  #isOf(
    set: number,
    view: DataView,
    attributesAt: number,
    attributesLength: number,
    nextHopView: DataView,
    nextHopAt: number,
    nextHopLength: number,
  ): boolean {
    const arena = this.arena.view;
    const at = this.words[(set << SET_WORDS_SHIFT) + AT]!;
    return (
      equalBytes(view, attributesAt, arena, at, attributesLength) &&
      equalBytes(nextHopView, nextHopAt, arena, at + attributesLength, nextHopLength)
    );
  }

  #add(
    view: DataView,
    attributesAt: number,
    attributesLength: number,
    nextHopView: DataView,
    nextHopAt: number,
    nextHopLength: number,
    source: number,
    hash: number,
    size: number,
  ): number {
    const set = this.#freed.pop() ?? this.#top++;
    if (set << SET_WORDS_SHIFT >= this.words.length) this.#growWords();
    const arena = this.arena;
    const at = arena.allocate(attributesLength + nextHopLength);
    const bytes = arena.bytes;
    for (let i = 0; i < attributesLength; i++) bytes[at + i] = view.getUint8(attributesAt + i);
    for (let i = 0, to = at + attributesLength; i < nextHopLength; i++) {
      bytes[to + i] = nextHopView.getUint8(nextHopAt + i);
    }
    const words = this.words;
    const record = set << SET_WORDS_SHIFT;
    words.fill(0, record, record + SET_WORDS);
    words[record + HASH] = hash;
    words[record + AT] = at;
    words[record + SIZE] = size;
    words[record + SET_SOURCE] = source;
    // Zero is the serial of a free record.
    this.#serial = (this.#serial + 1) | 0 || 1;
    words[record + SET_SERIAL] = this.#serial;
    this.size++;
    if (this.size * 2 > this.#slots.length) this.#growSlots();
    else place(this.#slots, words, SET_WORDS, set);
    // Nobody may ever acquire it (a withdrawn batch, a rejected route): then collect() frees it.
    this.#unreferenced.push(set);
    this.#last = set;
    this.#classify(set);
    return set;
  }

  #free(set: number): void {
    this.#forget(set);
    if (this.#last === set) this.#last = 0;
    const record = set << SET_WORDS_SHIFT;
    displace(this.#slots, this.words, SET_WORDS, set);
    this.arena.release(this.attributesAt(set), this.attributesLength(set) + this.nextHopLength(set));
    for (let original = this.words[record + ORIGINAL]!; original !== 0;) {
      const at = original << SET_WORDS_SHIFT;
      this.words[at + SET_REPLACEMENT] = 0;
      this.release(original);
      original = this.words[at + NEXT_ORIGINAL]!;
    }
    this.words[record + SET_SERIAL] = 0;
    this.#freed.push(set);
    this.size--;
  }

  #growWords(): void {
    const capacity = this.capacity;
    const grown = new Int32Array((capacity * (capacity < OVER_RESERVE_FROM ? 2 : 8)) << SET_WORDS_SHIFT);
    grown.set(this.words);
    this.words = grown;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.forEach((set) => place(this.#slots, this.words, SET_WORDS, set));
  }

  #reset(): void {
    this.words = new Int32Array(FIRST_CAPACITY << SET_WORDS_SHIFT);
    this.#slots = new Int32Array(FIRST_CAPACITY * 2);
    this.#top = 1;
    this.#freed.length = 0;
  }
}
