/**
 * MRT records as one line a path, in the layout that `bgpdump -m` made common:
 *
 * ```
 * TABLE_DUMP2|seconds|B|peer|peer AS|prefix|AS path|origin|next hop|LOCAL_PREF|MED|communities|AG or NAG|aggregator|
 * BGP4MP|seconds|A|…the same…        BGP4MP|seconds|W|peer|peer AS|prefix        BGP4MP|seconds|STATE|peer|peer AS|from|to
 * ```
 * With a path identifier the name ends in `_AP` and the identifier stands behind the prefix. Routes of VPN families,
 * which bgpdump leaves out, have the route distinguisher in front of the prefix.
 */
import { Reader, Truncated, ipv4Text, ipv6Text } from '@vaportrail/net';
import { asPathText } from '../attributes/as-path.ts';
import { PathAttributes } from '../attributes/path-attributes.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { HEADER_OCTETS, messageType } from '../wire/header.ts';
import { UpdateFrame, locateUpdate } from '../wire/update-frame.ts';
import { decodeBgp4mp, type MrtMessage } from './bgp4mp.ts';
import { decodePeerIndex, type MrtPeer } from './peer-index.ts';
import { mrtType, type MrtRecord } from './record.ts';
import { decodeTableDump, locateRib, ribSubtype } from './table-dump.ts';
import { TextCache } from './text-cache.ts';

/** Lines are handed on in pieces of about this size. */
const PIECE_OCTETS = 128 * 1024;
/** What an absent next hop looks like in bgpdump's output. */
const NO_NEXT_HOP = '255.255.255.255';
const MP_REACH = 14;
const originNames = { igp: 'IGP', egp: 'EGP', incomplete: 'INCOMPLETE' } as const;
/** The names bgpdump gives to three communities; it prints all others as numbers. */
const communityNames: Record<number, string> = {
  0xffff_ff01: 'no-export',
  0xffff_ff02: 'no-advertise',
  0xffff_ff03: 'local-AS',
};

/** Turns records into lines; remembers the peers of the last index. */
export class LinePrinter {
  readonly #write: (lines: Buffer) => void;
  #held = '';
  /** `|B|address|AS|` of each peer. */
  #peers: readonly string[] = [];
  readonly #texts = new TextCache();
  readonly #frame = new UpdateFrame();

  /** `write` gets the lines in pieces, which it may keep. */
  constructor(write: (lines: Buffer) => void) {
    this.#write = write;
  }

  /**
   * Prints the lines of a record; none for a record that holds no route and no state.
   * @throws Truncated when lengths do not fit the record
   */
  print(record: MrtRecord): void {
    switch (record.type) {
      case mrtType.tableDumpV2:
        if (record.subtype === ribSubtype.peerIndexTable) {
          const { peers } = decodePeerIndex(new Reader(record.bytes, record.at, record.end));
          this.#peers = peers.map(peerField);
        } else this.#rib(record);
        return;
      case mrtType.tableDump:
        this.#oldRib(record);
        return;
      case mrtType.bgp4mp:
      case mrtType.bgp4mpEt:
        this.#session(record);
    }
  }

  /** Hands on what is still held. */
  flush(): void {
    if (this.#held !== '') this.#write(Buffer.from(this.#held, 'latin1'));
    this.#held = '';
  }

  #line(text: string): void {
    this.#held += text;
    if (this.#held.length > PIECE_OCTETS) this.flush();
  }

  /** The hot path: a full table is millions of entries of few distinct attribute sets, peers and prefixes. */
  #rib(record: MrtRecord): void {
    const { bytes, end } = record;
    const rib = locateRib(record);
    if (rib === undefined) return;
    const name = rib.addPath ? 'TABLE_DUMP2_AP' : 'TABLE_DUMP2';
    const head = `${name}|${record.seconds}`;
    const prefix = `${nlriText(rib.family, bytes, rib.nlriAt, rib.nlriEnd, false)}|`;
    const header = rib.addPath ? 12 : 8;
    let at = rib.entriesAt;
    for (let i = 0; i < rib.count; i++) {
      if (end - at < header) throw new Truncated(at, header, end - at);
      const peer = this.#peers[(bytes[at]! << 8) | bytes[at + 1]!] ?? UNKNOWN_PEER;
      const id = rib.addPath ? `${u32(bytes, at + 6) >>> 0}|` : '';
      const attributesAt = at + header;
      const octets = (bytes[attributesAt - 2]! << 8) | bytes[attributesAt - 1]!;
      at = attributesAt + octets;
      if (at > end) throw new Truncated(attributesAt, octets, end - attributesAt);
      this.#line(head + peer + prefix + id + this.#attributes(bytes, attributesAt, at, true));
    }
  }

  #oldRib(record: MrtRecord): void {
    const rib = decodeTableDump(record);
    if (rib === undefined) return;
    const { peer, prefix, originated } = rib;
    const attributes = this.#attributes(record.bytes, rib.attributesAt, rib.attributesEnd, false);
    this.#line(`TABLE_DUMP|${originated}${peerField(peer)}${prefix}|${attributes}`);
  }

  #session(record: MrtRecord): void {
    const entry = decodeBgp4mp(record);
    if (entry === undefined) return;
    const name = record.type === mrtType.bgp4mpEt ? 'BGP4MP_ET' : 'BGP4MP';
    const time =
      record.type === mrtType.bgp4mpEt
        ? `${record.seconds}.${String(record.microseconds).padStart(6, '0')}`
        : String(record.seconds);
    const peer = `${entry.peer}|${entry.peerAsn}`;
    if (entry.type === 'state-change')
      this.#line(`${name}|${time}|STATE|${peer}|${entry.from}|${entry.to}\n`);
    else this.#update(record.bytes, entry, `${name}${entry.addPath ? '_AP' : ''}|${time}`, peer);
  }

  #update(bytes: Uint8Array, entry: MrtMessage, head: string, peer: string): void {
    const { messageAt, messageEnd } = entry;
    const isUpdate =
      messageEnd - messageAt >= HEADER_OCTETS + 4 && bytes[messageAt + 18] === messageType.update;
    if (!isUpdate) return;
    const frame = this.#frame;
    if (locateUpdate(bytes, messageAt, messageEnd, frame)?.approach === 'session-reset') return;
    const withdraw = (family: FamilyName | undefined, at: number, end: number): void => {
      eachNlri(family, bytes, at, end, true, entry.addPath, (prefix, id) => {
        this.#line(`${head}|W|${peer}|${prefix}${id}\n`);
      });
    };
    const announce = (family: FamilyName | undefined, at: number, end: number): void => {
      const attributes = this.#attributes(bytes, frame.attributesAt, frame.attributesEnd, entry.asn4);
      eachNlri(family, bytes, at, end, false, entry.addPath, (prefix, id) => {
        this.#line(`${head}|A|${peer}|${prefix}${id}|${attributes}`);
      });
    };
    withdraw('inet', frame.withdrawnAt, frame.withdrawnEnd);
    if (frame.unreachAt !== 0)
      withdraw(familyOf(frame.unreachAfi, frame.unreachSafi), frame.unreachNlriAt, frame.unreachNlriEnd);
    if (frame.nlriEnd > frame.nlriAt) announce('inet', frame.nlriAt, frame.nlriEnd);
    if (frame.reachAt !== 0)
      announce(familyOf(frame.reachAfi, frame.reachSafi), frame.reachNlriAt, frame.reachNlriEnd);
  }

  /** The fields from the AS path on, and the newline. */
  #attributes(bytes: Uint8Array, at: number, end: number, asn4: boolean): string {
    return this.#texts.text(bytes, at, end, asn4 ? wideText : narrowText);
  }
}

const wideText = (bytes: Uint8Array): string => attributesText(new PathAttributes(bytes, { asn4: true }));
const narrowText = (bytes: Uint8Array): string => attributesText(new PathAttributes(bytes, { asn4: false }));

/** An entry that refers to no peer of the index. */
const UNKNOWN_PEER = peerField({ address: '', asn: 0 });

function peerField({ address, asn }: Pick<MrtPeer, 'address' | 'asn'>): string {
  return `|B|${address}|${asn}|`;
}

function attributesText(attributes: PathAttributes): string {
  const { origin, aggregator, med = 0, localPref = 0 } = attributes;
  return [
    asPathText(attributes.asPath),
    originNames[origin ?? 'incomplete'],
    nextHopText(attributes),
    localPref,
    med,
    communitiesText(attributes),
    attributes.atomicAggregate ? 'AG' : 'NAG',
    aggregator === undefined ? '' : `${aggregator.asn} ${ipv4Text(aggregator.address)}`,
    '\n',
  ].join('|');
}

function communitiesText({ communities, largeCommunities }: PathAttributes): string {
  const plain = communities.map(
    (community) => communityNames[community] ?? `${community >>> 16}:${community & 0xffff}`,
  );
  return [...plain, ...largeCommunities.map((parts) => parts.join(':'))].join(' ');
}

/** The next hop of MP_REACH_NLRI, whole or in the short form of a dump, otherwise NEXT_HOP. @see RFC 6396 §4.3.4 */
function nextHopText(attributes: PathAttributes): string {
  const reach = attributes.valueOf(MP_REACH);
  if (reach !== undefined) {
    // In the short form the first octet is the length; in the whole one it is the high half of a small AFI: zero.
    const lengthAt = reach[0] === 0 ? 3 : 0;
    const length = reach[lengthAt] ?? 0;
    const at = lengthAt + 1;
    if (at + length <= reach.length) {
      if (length === 4) return ipv4Text(u32(reach, at));
      if (length === 12) return ipv4Text(u32(reach, at + 8));
      if (length === 16 || length === 32) return ipv6Text(reach, at);
      if (length === 24 || length === 48) return ipv6Text(reach, at + 8);
    }
  }
  const { nextHop } = attributes;
  return nextHop === undefined ? NO_NEXT_HOP : ipv4Text(nextHop);
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Calls `found` for each NLRI until one is malformed. */
function eachNlri(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
  withdrawn: boolean,
  addPath: boolean,
  found: (text: string, id: string) => void,
): void {
  if (family === undefined) return;
  for (let at = start; at < end;) {
    const nlriAt = addPath ? at + 4 : at;
    const octets = nlriAt < end ? families[family].measure(bytes, nlriAt, end, withdrawn) : -1;
    if (octets <= 0) return;
    found(
      nlriText(family, bytes, nlriAt, nlriAt + octets, withdrawn),
      addPath ? `|${u32(bytes, at) >>> 0}` : '',
    );
    at = nlriAt + octets;
  }
}

/** `101.101.101.252/32`, with `RD:` in front in a VPN family; hexadecimal for what is no prefix. */
export function nlriText(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): string {
  if (family !== undefined) {
    const { rd, prefix } = families[family].decode(bytes, at, end, withdrawn, {}) as {
      rd?: string;
      prefix?: string;
    };
    if (prefix !== undefined) return rd === undefined ? prefix : `${rd}:${prefix}`;
  }
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex')}`;
}
