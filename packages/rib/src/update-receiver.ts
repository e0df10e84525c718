/** Takes UPDATE messages apart into batches of announcements and withdrawals, without an object per route. */
import {
  type Approach,
  type FamilyName,
  OPTIONAL,
  TRANSITIVE,
  UpdateFrame,
  type UpdateProblem,
  checkMultiprotocol,
  familyOf,
  locateUpdate,
  updateSubcode,
  validateAttributes,
} from '@vaportrail/bgp/wire';
import { SET_FEASIBILITY, SET_REPLACEMENT, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { MARK_CLASSIC, MARK_GUARDED } from './classify.ts';
import { TREAT_AS_WITHDRAW } from './feasibility.ts';
import { NlriIntake, type NlriDestination } from './nlri-intake.ts';
import type { PackedTable } from './packed-table.ts';
import { RepeatedUpdate } from './repeated-update.ts';
import { isGuarded } from './route-leak.ts';
import type { RouteStore } from './route-store.ts';
import type { Source } from './source.ts';

const NEXT_HOP = 3;
/** SAFI of labeled VPN addresses. */
const VPN = 128;
const INET = 'inet' satisfies FamilyName;
const none: readonly UpdateProblem[] = [];

interface Asked {
  readonly source: Source | undefined;
  readonly afi: number;
  readonly safi: number;
  readonly to: NlriDestination | undefined;
}

const nothingAsked: Asked = { source: undefined, afi: 0, safi: 0, to: undefined };

/** One for a `Rib`, whatever session a message came by. */
export class UpdateReceiver {
  readonly #store: RouteStore;
  /** The table for a family of a source; `undefined` when routes of that family are not wanted. */
  readonly #tableOf: (source: Source, family: FamilyName) => PackedTable | undefined;
  readonly #intake: NlriIntake;
  readonly #frame = new UpdateFrame();
  readonly #before: RepeatedUpdate;
  /** Attributes of messages in which MP_REACH_NLRI stands between others. */
  #scratch = new Uint8Array(65536);
  #scratchView = new DataView(this.#scratch.buffer);
  /** What messages come in, and a view of it: most often as many as one read has brought. */
  #bytes: Uint8Array = this.#scratch;
  #view: DataView = this.#scratchView;
  readonly #destinations = new Map<Source, Map<FamilyName, NlriDestination | undefined>>();
  /** What was asked for last; messages of one family follow each other. */
  #last: Asked = nothingAsked;

  constructor(
    store: RouteStore,
    tableOf: (source: Source, family: FamilyName) => PackedTable | undefined,
    filled: (table: PackedTable) => void,
  ) {
    this.#store = store;
    this.#tableOf = tableOf;
    this.#intake = new NlriIntake(store, filled);
    this.#before = new RepeatedUpdate(store.pool);
  }

  /** Forgets which tables the families of its sources go to. */
  forgetTables(): void {
    this.#destinations.clear();
    this.#last = nothingAsked;
    this.#before.forget();
  }

  /** A source is gone: its number may be given to another. */
  forgetSource(source: Source): void {
    this.#destinations.delete(source);
    this.#last = nothingAsked;
    this.#before.forget();
  }

  /** @see Source.receiveUpdate */
  receive(source: Source, bytes: Uint8Array, start: number, end: number): readonly UpdateProblem[] {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const before = this.#before;
    if (before.isLike(source, this.#view, start, end - start)) {
      const { to, set, nlriAt, nlriEnd } = before;
      return this.#announce(to!, source, set, start + nlriAt, start + nlriEnd, none);
    }
    before.forget();
    const frame = this.#frame;
    const problem = locateUpdate(bytes, start, end, frame);
    if (problem?.approach === 'session-reset') return [problem];
    let problems = problem === undefined ? none : [problem];
    const broken = problem !== undefined;
    if (frame.withdrawnEnd > frame.withdrawnAt) {
      const classic = this.#destination(source, INET);
      if (classic !== undefined) {
        problems = this.#take(classic, source, frame.withdrawnAt, frame.withdrawnEnd, 0, true, problems);
      }
    }
    const multiprotocol = isSuspicious(frame) ? checkMultiprotocol(frame) : none;
    if (multiprotocol.length > 0) problems = [...problems, ...multiprotocol];
    else {
      if (frame.unreachAt !== 0) {
        const to = this.#destinationOf(source, frame.unreachAfi, frame.unreachSafi);
        if (to !== undefined) {
          problems = this.#take(to, source, frame.unreachNlriAt, frame.unreachNlriEnd, 0, true, problems);
        }
      }
      if (frame.reachAt !== 0 && frame.reachNlriEnd > frame.reachNlriAt) {
        const to = this.#destinationOf(source, frame.reachAfi, frame.reachSafi);
        if (to !== undefined) {
          const set = broken ? 0 : this.#internReach(source, to.mark);
          before.note(frame, start, source, to, set);
          problems = this.#announce(to, source, set, frame.reachNlriAt, frame.reachNlriEnd, problems);
        }
      }
    }
    if (frame.nlriEnd > frame.nlriAt) {
      const classic = this.#destination(source, INET);
      if (classic !== undefined) {
        const set = broken ? 0 : this.#internClassic(source, MARK_CLASSIC | classic.mark);
        before.note(frame, start, source, classic, set);
        problems = this.#announce(classic, source, set, frame.nlriAt, frame.nlriEnd, problems);
      }
    } else if (frame.reachAt === 0 && frame.attributeOctets > 0) {
      // Attributes and nothing announced: if they are broken, so may be what should have been announced.
      const length = frame.copyAttributes(this.#scratch, 0);
      const { asn4, internal } = source;
      const found = validateAttributes(this.#scratch, 0, length, { asn4, internal, announces: 'nothing' });
      if (found.length > 0) problems = [...problems, ...found];
    }
    return problems;
  }

  /** AFI and SAFI of the End-of-RIB that the last message was, 0 if it was none. */
  get endOfRib(): number {
    return this.#frame.endOfRib;
  }

  #destinationOf(source: Source, afi: number, safi: number): NlriDestination | undefined {
    const last = this.#last;
    if (last.source === source && last.afi === afi && last.safi === safi) return last.to;
    const family = familyOf(afi, safi);
    const to = family === undefined ? undefined : this.#destination(source, family);
    this.#last = { source, afi, safi, to };
    return to;
  }

  #destination(source: Source, family: FamilyName): NlriDestination | undefined {
    let byFamily = this.#destinations.get(source);
    if (byFamily === undefined) this.#destinations.set(source, (byFamily = new Map()));
    if (byFamily.has(family)) return byFamily.get(family);
    const table = this.#tableOf(source, family);
    const mark = source.peerRole !== undefined && isGuarded(family) ? MARK_GUARDED : 0;
    const addPath = source.addPath.includes(family);
    const to = table === undefined ? undefined : { table, family, addPath, mark };
    byFamily.set(family, to);
    return to;
  }

  /** Announces, or withdraws when the attributes say so. */
  #announce(
    to: NlriDestination,
    source: Source,
    set: number,
    at: number,
    end: number,
    problems: readonly UpdateProblem[],
  ): readonly UpdateProblem[] {
    const { pool } = this.#store;
    if (set !== 0) {
      if (this.#store.problems.size > 0) {
        const found = this.#store.problems.get(set);
        if (found !== undefined) problems = [...problems, ...found];
      }
      const replacement = pool.words[(set << SET_WORDS_SHIFT) + SET_REPLACEMENT]!;
      if (replacement !== 0) set = replacement;
      if (pool.words[(set << SET_WORDS_SHIFT) + SET_FEASIBILITY] === TREAT_AS_WITHDRAW) set = 0;
    }
    return this.#take(to, source, at, end, set, false, problems);
  }

  /** The set of the attributes in the message with the next hop of MP_REACH_NLRI. */
  #internReach(source: Source, mark: number): number {
    const frame = this.#frame;
    let nextHopAt = frame.reachNextHopAt;
    let nextHopLength = frame.reachNextHopLength;
    // Behind a route distinguisher of zero. @see RFC 4364 §4.3.2, RFC 4659 §3.2.1
    if (nextHopLength === 12 || nextHopLength === 24 || nextHopLength === 48) {
      nextHopAt += 8;
      nextHopLength = nextHopLength === 12 ? 4 : 16;
    }
    const { reachAt, reachEnd, attributesAt, attributesEnd, unreachAt } = frame;
    if (unreachAt === 0 && reachAt === attributesAt) {
      return this.#intern(reachEnd, attributesEnd - reachEnd, nextHopAt, nextHopLength, source, mark);
    }
    if (unreachAt === 0 && reachEnd === attributesEnd) {
      return this.#intern(attributesAt, reachAt - attributesAt, nextHopAt, nextHopLength, source, mark);
    }
    return this.#internGathered(nextHopAt, nextHopLength, source, mark);
  }

  /** The set of the attributes in the message with the next hop of NEXT_HOP. */
  #internClassic(source: Source, mark: number): number {
    const frame = this.#frame;
    const { bytes, attributesAt, attributesEnd } = frame;
    let nextHopAt = 0;
    let nextHopLength = 0;
    for (let at = attributesAt; at + 3 <= attributesEnd;) {
      const extended = (bytes[at]! & 0x10) !== 0;
      const value = at + (extended ? 4 : 3);
      const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
      if (bytes[at + 1] === NEXT_HOP && length === 4) {
        nextHopAt = value;
        nextHopLength = 4;
        break;
      }
      at = value + length;
    }
    if (frame.reachAt !== 0 || frame.unreachAt !== 0) {
      return this.#internGathered(nextHopAt, nextHopLength, source, mark);
    }
    const length = attributesEnd - attributesAt;
    return this.#intern(attributesAt, length, nextHopAt, nextHopLength, source, mark);
  }

  /** The set of attributes that have MP_REACH_NLRI or MP_UNREACH_NLRI between them. */
  #internGathered(nextHopAt: number, nextHopLength: number, source: Source, mark: number): number {
    const { pool } = this.#store;
    const length = this.#frame.copyAttributes(this.#scratch, 0);
    const view = this.#scratchView;
    return pool.intern(view, 0, length, this.#view, nextHopAt, nextHopLength, source.number, mark);
  }

  #intern(
    at: number,
    length: number,
    nextHopAt: number,
    nextHopLength: number,
    source: Source,
    mark: number,
  ): number {
    const { pool } = this.#store;
    const view = this.#view;
    return pool.intern(view, at, length, view, nextHopAt, nextHopLength, source.number, mark);
  }

  /** Adds the NLRI in `bytes[at…end)` to the batch of their table; withdraws them when `set` is 0. */
  #take(
    to: NlriDestination,
    source: Source,
    at: number,
    end: number,
    set: number,
    withdrawn: boolean,
    problems: readonly UpdateProblem[],
  ): readonly UpdateProblem[] {
    const fault = this.#intake.take(to, source, this.#bytes, this.#view, at, end, set, withdrawn);
    if (fault === undefined) return problems;
    const { family, addPath } = to;
    if (fault === 'label stack') {
      const because = `routes of ${family} have several labels, for which there is no capability`;
      return [...problems, updateProblem('treat-as-withdraw', because)];
    }
    const because = `the NLRI of ${family}${addPath ? ' with path identifiers' : ''} are not syntactically correct`;
    return [...problems, updateProblem(family === INET ? 'session-reset' : 'afi-safi-disable', because)];
  }
}

/** Whether the multiprotocol attributes need a closer look; made for the many that do not. */
function isSuspicious(frame: UpdateFrame): boolean {
  const { reachAt, unreachAt, reachNextHopLength } = frame;
  if (unreachAt !== 0 && (frame.unreachFlags & (OPTIONAL | TRANSITIVE)) !== OPTIONAL) return true;
  if (reachAt === 0) return false;
  if ((frame.reachFlags & (OPTIONAL | TRANSITIVE)) !== OPTIONAL) return true;
  return !(reachNextHopLength === 12 && frame.reachSafi === VPN && frame.reachAfi === 1);
}

function updateProblem(approach: Approach, because: string): UpdateProblem {
  return { approach, code: 3, subcode: updateSubcode.optionalAttribute, data: new Uint8Array(0), because };
}
