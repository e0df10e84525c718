/** Writes UPDATE messages of one family into large buffers: attributes once per message, NLRI until it is full. */
import { type FamilyName, HEADER_OCTETS, MARKER, families, messageType } from '@vaportrail/bgp/wire';
import { KEY, LABEL } from './destinations.ts';
import { type PrefixLayout, lengthBits } from './family-layout.ts';
import type { PackedTable } from './packed-table.ts';
import { Parcel, Slab } from './slab.ts';

/** What a withdrawal has in the label field. @see RFC 8277 §2.4 */
const WITHDRAWN_LABEL = 0x80_0000;
const MP_REACH = 14;
const MP_UNREACH = 15;
/** Optional, extended length. */
const MP_FLAGS = 0x90;
const NEXT_HOP = 3;
/** So many octets behind a message may be written as well. */
const SPARE = 4;

/** One buffer after the other, filled with messages. */
export class UpdateEncoder {
  readonly #table: PackedTable;
  readonly #layout: PrefixLayout | undefined;
  readonly #afi: number;
  readonly #safi: number;
  /** IPv4 unicast goes into the classic fields of the message while the next hop is IPv4. */
  readonly #classic: boolean;
  readonly #longest: number;
  #writingTo: Slab | undefined;
  #slab: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#slab.buffer);
  #at = 0;
  /** Where in the slab the last buffer handed out ended. */
  #taken = 0;
  /** Start of the open message, -1 without. */
  #message = -1;
  /** Where the length of the open attribute or field is written when the message is closed. */
  #lengthAt = 0;
  /** Where the total length of the attributes is written; 0 when it is final. */
  #attributesAt = 0;
  /** Where the NLRI of the open message begin. */
  #nlriAt = 0;
  #parcel = new Parcel();
  /** Messages written. */
  messages = 0;

  constructor(table: PackedTable, family: FamilyName, longestMessage: number) {
    this.#table = table;
    this.#layout = table.layout.kind === 'prefix' ? table.layout : undefined;
    const { afi, safi } = families[family];
    this.#afi = afi;
    this.#safi = safi;
    this.#classic = family === 'inet';
    this.#longest = longestMessage;
  }

  /**
   * Opens a message that announces with the attributes in `bytes[at…at + length)`, NEXT_HOP not among them, and a next
   * hop from somewhere else; {@link nlri} follows.
   */
  openReach(
    bytes: Uint8Array,
    at: number,
    length: number,
    nextHop: Uint8Array,
    nextHopAt: number,
    nextHopLength: number,
  ): void {
    this.#open(length + 64);
    const slab = this.#slab;
    slab[this.#at++] = 0;
    slab[this.#at++] = 0;
    this.#attributesAt = this.#at;
    this.#at += 2;
    if (this.#classic && nextHopLength === 4) {
      // NEXT_HOP has the code 3, and attributes are ascending.
      let split = at;
      const end = at + length;
      while (split < end && bytes[split + 1]! < NEXT_HOP) {
        const extended = (bytes[split]! & 0x10) !== 0;
        split += extended ? 4 + ((bytes[split + 2]! << 8) | bytes[split + 3]!) : 3 + bytes[split + 2]!;
      }
      this.#copy(bytes, at, split - at);
      slab[this.#at++] = 0x40;
      slab[this.#at++] = NEXT_HOP;
      slab[this.#at++] = 4;
      this.#copy(nextHop, nextHopAt, 4);
      this.#copy(bytes, split, end - split);
      this.#lengthAt = 0;
      this.#writeU16(this.#attributesAt, this.#at - this.#attributesAt - 2);
      this.#attributesAt = 0;
      this.#nlriAt = this.#at;
      return;
    }
    this.#copy(bytes, at, length);
    slab[this.#at++] = MP_FLAGS;
    slab[this.#at++] = MP_REACH;
    this.#lengthAt = this.#at;
    this.#at += 2;
    slab[this.#at++] = this.#afi >>> 8;
    slab[this.#at++] = this.#afi;
    slab[this.#at++] = this.#safi;
    const lengthAt = this.#at++;
    if (this.#layout?.distinguished === true) {
      for (let i = 0; i < 8; i++) slab[this.#at++] = 0;
    }
    if (this.#afi === 2 && nextHopLength === 4) {
      // An IPv4 address mapped into IPv6. @see RFC 4659 §3.2.1.2
      for (let i = 0; i < 10; i++) slab[this.#at++] = 0;
      slab[this.#at++] = 0xff;
      slab[this.#at++] = 0xff;
    }
    this.#copy(nextHop, nextHopAt, nextHopLength);
    slab[lengthAt] = this.#at - lengthAt - 1;
    slab[this.#at++] = 0;
    this.#nlriAt = this.#at;
  }

  /** Opens a message that withdraws. */
  openUnreach(): void {
    this.#open(64);
    this.#nlriAt = -1;
    const slab = this.#slab;
    if (this.#classic) {
      this.#lengthAt = this.#at;
      this.#attributesAt = -1;
      this.#at += 2;
      return;
    }
    slab[this.#at++] = 0;
    slab[this.#at++] = 0;
    this.#attributesAt = this.#at;
    this.#at += 2;
    slab[this.#at++] = MP_FLAGS;
    slab[this.#at++] = MP_UNREACH;
    this.#lengthAt = this.#at;
    this.#at += 2;
    slab[this.#at++] = this.#afi >>> 8;
    slab[this.#at++] = this.#afi;
    slab[this.#at++] = this.#safi;
  }

  /** Adds a destination to the open message; returns false when it does not fit any more. */
  nlri(destination: number, withdrawn: boolean): boolean {
    const { words, stride } = this.#table.destinations;
    return this.#put(destination, withdrawn ? -1 : words[stride * destination + LABEL]! >>> 8);
  }

  /**
   * Adds one path of a destination, with its identifier in front; returns false when it does not fit any more.
   * @param label its label field, or number of its payload
   * @see RFC 7911 §3
   */
  pathNlri(destination: number, identifier: number, label: number, withdrawn: boolean): boolean {
    const start = this.#at;
    if (start + 4 > this.#message + this.#longest) return false;
    this.#writeU16(start, identifier >>> 16);
    this.#writeU16(start + 2, identifier);
    this.#at += 4;
    if (this.#put(destination, withdrawn ? -1 : label)) return true;
    this.#at = start;
    return false;
  }

  /** Writes an NLRI with a label field or the number of a payload; below zero to withdraw. */
  #put(destination: number, marked: number): boolean {
    const withdrawn = marked < 0;
    const layout = this.#layout;
    const record = this.#table.destinations.stride * destination;
    // The length of the attributes follows the withdrawn routes.
    const room = this.#message + this.#longest - this.#at - (this.#attributesAt === -1 ? 2 : 0);
    if (layout === undefined) {
      const { byBytes, store } = this.#table;
      const payload = withdrawn ? 0 : marked;
      if (payload !== 0) {
        if (store.payloads.length(payload) > room) return false;
        this.#at += store.payloads.copy(payload, this.#slab, this.#at);
        return true;
      }
      if (byBytes!.keyLength(destination) > room) return false;
      this.#at += byBytes!.copyKey(destination, this.#slab, this.#at);
      return true;
    }
    return this.#putPrefix(layout, record + KEY, withdrawn ? WITHDRAWN_LABEL : marked, room);
  }

  /** Writes an NLRI with the key at `words[key]`, in whole words: what is too much of the last one is written over. */
  #putPrefix(layout: PrefixLayout, key: number, label: number, room: number): boolean {
    const { labeled, distinguished } = layout;
    const { destinations, store } = this.#table;
    const { words } = destinations;
    const view = this.#view;
    const shift = lengthBits(layout);
    const head = words[key]!;
    const length = head & ((1 << shift) - 1);
    const before = (labeled ? 3 : 0) + (distinguished ? 8 : 0);
    const octets = 1 + before + ((length + 7) >>> 3);
    if (octets > room) return false;
    let at = this.#at;
    const end = at + octets;
    view.setInt32(at, ((length + before * 8) << 24) | label);
    at += labeled ? 4 : 1;
    if (distinguished) {
      store.distinguishers.copy(head >>> shift, view, at);
      at += 8;
    }
    for (let word = key + 1; at < end; word++, at += 4) view.setInt32(at, words[word]!);
    this.#at = end;
    return true;
  }

  /** Closes the open message. */
  close(): void {
    const start = this.#message;
    if (start < 0) return;
    if (this.#lengthAt !== 0) this.#writeU16(this.#lengthAt, this.#at - this.#lengthAt - 2);
    if (this.#attributesAt === -1) {
      this.#slab[this.#at++] = 0;
      this.#slab[this.#at++] = 0;
    } else if (this.#attributesAt !== 0)
      this.#writeU16(this.#attributesAt, this.#at - this.#attributesAt - 2);
    this.#writeU16(start + 16, this.#at - start);
    this.#message = -1;
    this.messages++;
  }

  /** Forgets the open message if nothing was added to it, closes it otherwise. */
  abandon(): void {
    if (this.#message >= 0 && this.#at === this.#nlriAt) {
      this.#at = this.#message;
      this.#message = -1;
    } else this.close();
  }

  /** What was written since the last call; the open message must be closed. */
  take(): Parcel {
    this.#cut();
    const parcel = this.#parcel;
    this.#parcel = new Parcel();
    return parcel;
  }

  #open(need: number): void {
    this.abandon();
    const room = Math.max(this.#longest, need) + SPARE;
    if (this.#at + room > this.#slab.length) {
      this.#cut();
      this.#writingTo?.release();
      this.#writingTo = new Slab(room);
      this.#slab = this.#writingTo.bytes;
      this.#view = new DataView(this.#slab.buffer, this.#slab.byteOffset, this.#slab.length);
      this.#at = 0;
      this.#taken = 0;
    }
    this.#message = this.#at;
    this.#slab.set(MARKER, this.#at);
    this.#slab[this.#at + 18] = messageType.update;
    this.#at += HEADER_OCTETS;
    this.#lengthAt = 0;
    this.#attributesAt = 0;
  }

  #cut(): void {
    if (this.#at > this.#taken) this.#parcel.add(this.#writingTo!, this.#taken, this.#at);
    this.#taken = this.#at;
  }

  #copy(bytes: Uint8Array, at: number, length: number): void {
    const slab = this.#slab;
    let to = this.#at;
    for (const end = at + length; at < end; at++) slab[to++] = bytes[at]!;
    this.#at = to;
  }

  #writeU16(at: number, value: number): void {
    this.#slab[at] = value >>> 8;
    this.#slab[at + 1] = value;
  }
}
