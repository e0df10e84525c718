/** A BGP peer in an update group: what the group needs of it, and what it may do with its membership. */
import type { Recipient } from './distribution.ts';
import type { Source } from './source.ts';

/** Octets queued for a peer above which it is left behind, and below which it is taken along again. */
export const CONGESTED_OCTETS = 1 << 20;
const RELIEVED_OCTETS = 1 << 18;

/** A BGP peer as a member of an update group. */
export interface UpdateMember {
  /** Its session as a source of paths: it is not told its own routes. */
  readonly source: Source;
  /** Octets queued for it. */
  readonly backlog: number;
  /** It negotiated route target constraint and is sent only what it asked for. */
  readonly filterByRouteTarget: boolean;
  /**
   * Takes whole UPDATE messages. The buffers are shared and must not be changed.
   * @param sent to be called when they are not needed any more: then they may be overwritten with others. It need not be
   */
  send(buffers: readonly Uint8Array[], sent: () => void): void;
  /** It has been told the whole table: time for the End-of-RIB. */
  synchronised?(): void;
}

/** Somebody who wants to hear what a member is told: a monitoring station. */
export type Observer = Pick<UpdateMember, 'backlog' | 'send' | 'synchronised'>;

/** An observer's place in the group, until it leaves. */
export type Observation = Pick<Membership, 'ready' | 'leave'>;

/** What a member does with its membership. */
export interface Membership {
  /** Its queue is empty again. */
  ready(): void;
  /**
   * Tells it the whole table again.
   * @param finished called when all of it has been sent, changes on the way included
   * @see RFC 2918 §4, RFC 7313 §4.2
   */
  refresh(finished?: () => void): void;
  /**
   * Tells somebody else the whole table as the member is told it, in slices; the member itself hears nothing of it. Changes
   * are told meanwhile as well, but not necessarily when the member hears of them.
   */
  observe(observer: Observer): Observation;
  /** Leaves the group. Nothing is sent any more. */
  leave(): void;
}

/** A member as its group sees it. */
export class Peer implements Recipient {
  readonly member: UpdateMember;
  /** It only hears what a member is told. */
  readonly isObserver: boolean;
  /** Called at the end of a refresh. */
  refreshed: (() => void) | undefined;
  #isNew = true;
  #congested = false;

  constructor(member: UpdateMember, isObserver = false) {
    this.member = member;
    this.isObserver = isObserver;
  }

  /** From {@link CONGESTED_OCTETS} queued until they are a quarter of that. */
  get isCongested(): boolean {
    const { backlog } = this.member;
    if (backlog > CONGESTED_OCTETS) this.#congested = true;
    else if (backlog < RELIEVED_OCTETS) this.#congested = false;
    return this.#congested;
  }

  /** Told to the member the first time; after that it is the end of a refresh. */
  synchronised(): void {
    if (this.#isNew) this.member.synchronised?.();
    this.#isNew = false;
    this.refreshed?.();
    this.refreshed = undefined;
  }
}

/** An observer in the place of the member it observes: what is kept from that is kept from it. */
export function observed({ source, filterByRouteTarget }: UpdateMember, observer: Observer): UpdateMember {
  return {
    source,
    filterByRouteTarget,
    get backlog() {
      return observer.backlog;
    },
    send: (buffers, sent) => observer.send(buffers, sent),
    synchronised: () => observer.synchronised?.(),
  };
}
