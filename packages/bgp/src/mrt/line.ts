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
import { Reader, Truncated, addressText, ipv4Text } from '@vaportrail/net';
import { asPathText } from '../attributes/as-path.ts';
import { PathAttributes } from '../attributes/path-attributes.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { HEADER_OCTETS, messageType } from '../wire/header.ts';
import { UpdateFrame, locateUpdate } from '../wire/update-frame.ts';
import { decodeBgp4mp, type MrtMessage } from './bgp4mp.ts';
import type { MrtFilter } from './filter.ts';
import { nextHopOf } from './next-hop.ts';
import { nlriText } from './nlri.ts';
import { decodePeerIndex, type MrtPeer } from './peer-index.ts';
import { mrtType, type MrtRecord } from './record.ts';
import { decodeTableDump, locateRib, ribSubtype } from './table-dump.ts';
import { TextCache } from './text-cache.ts';

/** Lines are handed on in pieces of about this size. */
const PIECE_OCTETS = 128 * 1024;
/** What an absent next hop looks like in bgpdump's output. */
const NO_NEXT_HOP = '255.255.255.255';
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
  readonly #filter: MrtFilter | undefined;
  #held = '';
  /** `|B|address|AS|` of each peer; empty for a peer that is not asked for. */
  #peers: readonly string[] = [];
  readonly #texts = new TextCache();
  readonly #frame = new UpdateFrame();

  /** `write` gets the lines in pieces, which it may keep; with a `filter` only paths that pass it become lines. */
  constructor(write: (lines: Buffer) => void, filter?: MrtFilter) {
    this.#write = write;
    this.#filter = filter;
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
          this.#peers = peers.map((peer) =>
            this.#filter?.peer(peer.address) === false ? '' : peerField(peer),
          );
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
    if (rib === undefined || !this.#wants(rib.family, bytes, rib.nlriAt, rib.nlriEnd, false)) return;
    const name = rib.addPath ? 'TABLE_DUMP2_AP' : 'TABLE_DUMP2';
    const head = `${name}|${record.seconds}`;
    const prefix = `${nlriText(rib.family, bytes, rib.nlriAt, rib.nlriEnd, false)}|`;
    const header = rib.addPath ? 12 : 8;
    let at = rib.entriesAt;
    for (let i = 0; i < rib.count; i++) {
      if (end - at < header) throw new Truncated(at, header, end - at);
      const peer = this.#peers[(bytes[at]! << 8) | bytes[at + 1]!] ?? this.#unknownPeer;
      const id = rib.addPath ? `${u32(bytes, at + 6) >>> 0}|` : '';
      const attributesAt = at + header;
      const octets = (bytes[attributesAt - 2]! << 8) | bytes[attributesAt - 1]!;
      at = attributesAt + octets;
      if (at > end) throw new Truncated(attributesAt, octets, end - attributesAt);
      if (peer === '') continue;
      const attributes = this.#attributes(bytes, attributesAt, at, true);
      if (attributes !== '') this.#line(head + peer + prefix + id + attributes);
    }
  }

  #oldRib(record: MrtRecord): void {
    const rib = decodeTableDump(record);
    if (rib === undefined) return;
    const { peer, prefix, originated } = rib;
    if (this.#filter?.peer(peer.address) === false || this.#filter?.prefix(prefix) === false) return;
    const attributes = this.#attributes(record.bytes, rib.attributesAt, rib.attributesEnd, false);
    if (attributes !== '') this.#line(`TABLE_DUMP|${originated}${peerField(peer)}${prefix}|${attributes}`);
  }

  #session(record: MrtRecord): void {
    const entry = decodeBgp4mp(record);
    if (entry === undefined || this.#filter?.peer(entry.peer) === false) return;
    const name = record.type === mrtType.bgp4mpEt ? 'BGP4MP_ET' : 'BGP4MP';
    const time =
      record.type === mrtType.bgp4mpEt
        ? `${record.seconds}.${String(record.microseconds).padStart(6, '0')}`
        : String(record.seconds);
    const peer = `${entry.peer}|${entry.peerAsn}`;
    if (entry.type === 'state-change') {
      if (this.#filter?.asksForRoutes === true) return;
      this.#line(`${name}|${time}|STATE|${peer}|${entry.from}|${entry.to}\n`);
    } else this.#update(record.bytes, entry, `${name}${entry.addPath ? '_AP' : ''}|${time}`, peer);
  }

  #update(bytes: Uint8Array, entry: MrtMessage, head: string, peer: string): void {
    const { messageAt, messageEnd } = entry;
    const isUpdate =
      messageEnd - messageAt >= HEADER_OCTETS + 4 && bytes[messageAt + 18] === messageType.update;
    if (!isUpdate) return;
    const frame = this.#frame;
    if (locateUpdate(bytes, messageAt, messageEnd, frame)?.approach === 'session-reset') return;
    const withdraw = (family: FamilyName | undefined, at: number, end: number): void => {
      if (this.#filter?.asksForAttributes === true) return;
      this.#eachNlri(family, bytes, at, end, true, entry.addPath, (prefix, id) => {
        this.#line(`${head}|W|${peer}|${prefix}${id}\n`);
      });
    };
    const announce = (family: FamilyName | undefined, at: number, end: number): void => {
      const attributes = this.#attributes(bytes, frame.attributesAt, frame.attributesEnd, entry.asn4);
      if (attributes === '') return;
      this.#eachNlri(family, bytes, at, end, false, entry.addPath, (prefix, id) => {
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

  /** The fields from the AS path on, and the newline; empty for attributes that are not asked for. */
  #attributes(bytes: Uint8Array, at: number, end: number, asn4: boolean): string {
    return this.#texts.text(bytes, at, end, asn4 ? this.#wideText : this.#narrowText);
  }

  readonly #wideText = (bytes: Uint8Array): string => this.#text(new PathAttributes(bytes, { asn4: true }));
  readonly #narrowText = (bytes: Uint8Array): string =>
    this.#text(new PathAttributes(bytes, { asn4: false }));

  #text(attributes: PathAttributes): string {
    return this.#filter?.attributes(attributes) === false ? '' : attributesText(attributes);
  }

  get #unknownPeer(): string {
    return this.#filter?.peer('') === false ? '' : UNKNOWN_PEER;
  }

  #wants(
    family: FamilyName | undefined,
    bytes: Uint8Array,
    at: number,
    end: number,
    withdrawn: boolean,
  ): boolean {
    return this.#filter?.nlri(family, bytes, at, end, withdrawn) !== false;
  }

  /** Calls `found` for each NLRI that is asked for, until one is malformed. */
  #eachNlri(
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
      if (this.#wants(family, bytes, nlriAt, nlriAt + octets, withdrawn)) {
        const id = addPath ? `|${u32(bytes, at) >>> 0}` : '';
        found(nlriText(family, bytes, nlriAt, nlriAt + octets, withdrawn), id);
      }
      at = nlriAt + octets;
    }
  }
}

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

/** What bgpdump prints in that field. */
function nextHopText(attributes: PathAttributes): string {
  const octets = nextHopOf(attributes);
  return octets === undefined ? NO_NEXT_HOP : addressText(octets);
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
