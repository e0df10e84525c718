/** BMP messages as plain data: addresses as text, and the BGP messages in them as the documents of `describeMessage`. */
import { addressText, hexText, ipv4Text, routeDistinguisherText } from '@vaportrail/net';
import { agreedContext, type DecodeContext } from '../wire/decode-context.ts';
import { describeMessage, type DecodedDocument } from '../wire/decoded-document.ts';
import { HEADER_OCTETS } from '../wire/header.ts';
import { decodeOpen, type Open } from '../wire/open.ts';
import { BmpError, type BmpDecodedReason, type BmpMessage } from './decoded-message.ts';
import type { BmpPeerUp } from './message.ts';
import type { BmpPeer, BmpView } from './peer-header.ts';
import type { BmpStatisticOctets, BmpStatistics } from './statistics.ts';
import { readBmp } from './stream.ts';

/** Peers of one router whose OPENs are remembered: more than any has, and what a hostile one may cost. */
export const MAX_BMP_PEERS = 16_384;

/** The peer that a message is about. */
export interface BmpPeerDocument {
  readonly view: BmpView;
  /** Absent for the Loc-RIB, which has no peer. */
  readonly address?: string;
  readonly asn: number;
  /** BGP identifier: `192.0.2.1`. */
  readonly routerId: string;
  /** Route distinguisher of its routing instance; absent for the global one. */
  readonly rd?: string;
}

interface OfPeer {
  readonly peer: BmpPeerDocument;
  /** Milliseconds since the epoch, with microseconds behind the point; 0 when the router does not know. */
  readonly at: number;
}

type TextsOf<Type extends BmpMessage['type']> = Extract<BmpMessage, { readonly type: Type }>;

/** One message: `type` tells the fields. */
export type BmpDocument =
  | (OfPeer & {
      readonly type: 'route-monitoring';
      /** Of type `update`, if the router keeps to the rules. */
      readonly update: DecodedDocument;
    })
  | (OfPeer & {
      readonly type: 'statistics-report';
      readonly statistics: BmpStatistics;
      /** Counts that have no name here. */
      readonly others: readonly BmpStatisticOctets[];
    })
  | (OfPeer & {
      readonly type: 'peer-up';
      readonly localAddress?: string;
      readonly localPort: number;
      readonly remotePort: number;
      /** The OPENs, as seen from the router. */
      readonly sent: DecodedDocument;
      readonly received: DecodedDocument;
      /** Name of the table, for the Loc-RIB. */
      readonly tableName?: string;
    })
  | (OfPeer & {
      readonly type: 'peer-down';
      readonly reason: BmpDecodedReason['reason'];
      /** What was sent (`local-notification`) or received (`remote-notification`). */
      readonly notification?: DecodedDocument;
      /** Event of RFC 4271 §8.1, for `local-event`; number of a reason that has no name here, for `unknown`. */
      readonly number?: number;
      readonly tableName?: string;
    })
  | (OfPeer & {
      readonly type: 'route-mirroring';
      readonly messages: readonly DecodedDocument[];
      /** 0 the message was wrong and treated as withdraw, 1 messages were lost. */
      readonly code?: number;
    })
  | TextsOf<'initiation'>
  | TextsOf<'termination'>
  | {
      readonly type: 'unknown';
      readonly number: number;
      /** Hexadecimal. */
      readonly body: string;
    };

/** How to read the UPDATEs of a session, by who sent them. */
interface Contexts {
  readonly received: DecodeContext;
  readonly sent: DecodeContext;
}

/** Describes the messages of one router, in their order: what the OPENs of a peer agreed on tells how to read what follows. */
export class BmpDescriber {
  readonly #sessions = new Map<string, Contexts>();

  /** @throws BmpError when the router tells of more than {@link MAX_BMP_PEERS} peers at a time */
  describe(message: BmpMessage): BmpDocument {
    switch (message.type) {
      case 'route-monitoring': {
        const { type, peer, at, update } = message;
        return { type, peer: describePeer(peer), at, update: describeMessage(update, this.#context(peer)) };
      }
      case 'route-mirroring': {
        const { type, peer, at, messages, code } = message;
        const context = this.#context(peer);
        return {
          type,
          peer: describePeer(peer),
          at,
          messages: messages.map((bytes) => describeMessage(bytes, context)),
          ...(code !== undefined && { code }),
        };
      }
      case 'peer-up': {
        const { type, peer, at, up } = message;
        this.#up(peer, up);
        return { type, peer: describePeer(peer), at, ...describeUp(peer, up) };
      }
      case 'peer-down': {
        const { type, peer, at, down } = message;
        this.#sessions.delete(keyOf(peer));
        return { type, peer: describePeer(peer), at, ...describeReason(down) };
      }
      case 'statistics-report':
        return { ...message, peer: describePeer(message.peer) };
      case 'unknown':
        return { type: 'unknown', number: message.number, body: hexText(message.body) };
      default:
        return message;
    }
  }

  #up(peer: BmpPeer, { sentOpen, receivedOpen }: BmpPeerUp): void {
    const [sent, received] = [readableOpen(sentOpen), readableOpen(receivedOpen)];
    const key = keyOf(peer);
    this.#sessions.set(key, {
      received: agreedContext(received, sent),
      sent: agreedContext(sent, received),
    });
    if (this.#sessions.size > MAX_BMP_PEERS) throw new BmpError(0, `more than ${MAX_BMP_PEERS} peers`);
  }

  /** The Loc-RIB is of no session: its OPENs say what the router can do, and whether there are path identifiers is found out. */
  #context(peer: BmpPeer): DecodeContext {
    const { view, asn4 } = peer;
    if (view === 'loc-rib') return { asn4 };
    const contexts = this.#sessions.get(keyOf(peer));
    return { ...(view.startsWith('adj-rib-in') ? contexts?.received : contexts?.sent), asn4 };
  }
}

/**
 * The messages of a connection, or of a file of one, as plain data: a socket that a router has opened is such a sequence
 * of chunks.
 * @throws BmpError when the octets are no BMP, or end inside a message: what came before has been given out
 */
export async function* readBmpDocuments(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BmpDocument> {
  const describer = new BmpDescriber();
  for await (const message of readBmp(chunks)) yield describer.describe(message);
}

/** What tells the peers of a router apart: the views are of the same session. @see RFC 7854 §4.2 */
function keyOf({ view, distinguisher, address }: BmpPeer): string {
  const instance = distinguisher === undefined ? '' : hexText(distinguisher);
  return `${view === 'loc-rib' ? 'loc-rib' : hexText(address)} ${instance}`;
}

function describePeer({ view, address, asn, routerId, distinguisher }: BmpPeer): BmpPeerDocument {
  const isGlobal = distinguisher === undefined || distinguisher.every((octet) => octet === 0);
  return {
    view,
    ...(view !== 'loc-rib' && { address: addressText(address) }),
    asn,
    routerId: ipv4Text(routerId),
    ...(!isGlobal && { rd: routeDistinguisherText(distinguisher, 0) }),
  };
}

function describeUp(
  { view }: BmpPeer,
  { localAddress, localPort, remotePort, sentOpen, receivedOpen, tableName }: BmpPeerUp,
): Omit<Extract<BmpDocument, { type: 'peer-up' }>, 'type' | 'peer' | 'at'> {
  return {
    ...(view !== 'loc-rib' && { localAddress: addressText(localAddress) }),
    localPort,
    remotePort,
    sent: describeMessage(sentOpen),
    received: describeMessage(receivedOpen),
    ...(tableName !== undefined && { tableName }),
  };
}

function describeReason(
  down: BmpDecodedReason,
): Omit<Extract<BmpDocument, { type: 'peer-down' }>, 'type' | 'peer' | 'at'> {
  const { reason } = down;
  switch (down.reason) {
    case 'local-notification':
    case 'remote-notification':
      return { reason, notification: describeMessage(down.notification) };
    case 'local-event':
      return { reason, number: down.event };
    case 'unknown':
      return { reason, number: down.number };
    case 'loc-rib':
      return { reason, tableName: down.tableName };
    default:
      return { reason };
  }
}

/** An OPEN, `undefined` for one that cannot be read: its document says why. */
function readableOpen(bytes: Uint8Array): Open | undefined {
  try {
    return decodeOpen(bytes, HEADER_OCTETS, bytes.length);
  } catch {
    return undefined;
  }
}
