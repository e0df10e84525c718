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
import { Reader } from '@vaportrail/net';
import { PathAttributes } from '../attributes/path-attributes.ts';
import { walkNlri } from '../families/nlri-field.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { UpdateFrame } from '../wire/update-frame.ts';
import { attributesText } from './attribute-text.ts';
import { decodeBgp4mp, locateLoggedUpdate, type MrtMessage } from './bgp4mp.ts';
import type { MrtFilter } from './filter.ts';
import { inLineStyle, linePrefix } from './line-address.ts';
import { decodePeerIndex, type MrtPeer } from './peer-index.ts';
import { LineBuffer } from './line-buffer.ts';
import { mrtType, type MrtRecord } from './record.ts';
import { PeerLine, RibLines } from './rib-line.ts';
import { decodeTableDump, locateRib, ribSubtype } from './table-dump.ts';
import { TextCache } from './text-cache.ts';

/** Turns records into lines; remembers the peers of the last index. */
export class LinePrinter {
  readonly #out: LineBuffer;
  readonly #filter: MrtFilter | undefined;
  readonly #ribs: RibLines;
  #texts: TextCache | undefined;
  readonly #frame = new UpdateFrame();

  /** `write` gets the lines in pieces, which it may keep; with a `filter` only paths that pass it become lines. */
  constructor(write: (lines: Buffer) => void, filter?: MrtFilter) {
    this.#out = new LineBuffer(write);
    this.#filter = filter;
    this.#ribs = new RibLines(this.#out, this.#peerLine({ address: '', asn: 0 }), (bytes, at, end) =>
      this.#attributes(bytes, at, end, true),
    );
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
          this.#ribs.peers = peers.map((peer) => this.#peerLine(peer));
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

  /** Takes back a piece that nobody looks at any more; without it each piece is new memory. */
  recycle(piece: Buffer): void {
    this.#out.recycle(piece);
  }

  /** Hands on what is still held. */
  flush(): void {
    this.#out.flush();
  }

  #peerLine({ address, asn }: Pick<MrtPeer, 'address' | 'asn'>): PeerLine {
    return new PeerLine(peerField({ address, asn }), {
      wanted: this.#filter?.peer(address) !== false,
      byOctets: this.#filter?.asksForAttributes !== true,
    });
  }

  #line(text: string): void {
    this.#out.text(text);
  }

  #rib(record: MrtRecord): void {
    const { bytes } = record;
    const rib = locateRib(record);
    if (rib === undefined || !this.#wants(rib.family, bytes, rib.nlriAt, rib.nlriEnd, false)) return;
    this.#ribs.write(record, rib);
  }

  #oldRib(record: MrtRecord): void {
    const rib = decodeTableDump(record);
    if (rib === undefined) return;
    const { peer, prefix, originated } = rib;
    if (this.#filter?.peer(peer.address) === false || this.#filter?.prefix(prefix) === false) return;
    const attributes = this.#attributes(record.bytes, rib.attributesAt, rib.attributesEnd, false);
    if (attributes !== '')
      this.#line(`TABLE_DUMP|${originated}${peerField(peer)}${inLineStyle(prefix)}|${attributes}`);
  }

  #session(record: MrtRecord): void {
    const entry = decodeBgp4mp(record);
    if (entry === undefined || this.#filter?.peer(entry.peer) === false) return;
    const name = record.type === mrtType.bgp4mpEt ? 'BGP4MP_ET' : 'BGP4MP';
    const time =
      record.type === mrtType.bgp4mpEt
        ? `${record.seconds}.${String(record.microseconds).padStart(6, '0')}`
        : String(record.seconds);
    const peer = `${inLineStyle(entry.peer)}|${entry.peerAsn}`;
    if (entry.type === 'state-change') {
      if (this.#filter?.asksForRoutes === true) return;
      this.#line(`${name}|${time}|STATE|${peer}|${entry.from}|${entry.to}\n`);
    } else this.#update(record.bytes, entry, `${name}${entry.addPath ? '_AP' : ''}|${time}`, peer);
  }

  #update(bytes: Uint8Array, entry: MrtMessage, head: string, peer: string): void {
    const frame = this.#frame;
    if (!locateLoggedUpdate(bytes, entry, frame)) return;
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
    this.#texts ??= new TextCache();
    return this.#texts.text(bytes, at, end, asn4 ? this.#wideText : this.#narrowText);
  }

  readonly #wideText = (bytes: Uint8Array): string => this.#text(new PathAttributes(bytes, { asn4: true }));
  readonly #narrowText = (bytes: Uint8Array): string =>
    this.#text(new PathAttributes(bytes, { asn4: false }));

  #text(attributes: PathAttributes): string {
    return this.#filter?.attributes(attributes) === false ? '' : attributesText(attributes);
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
    walkNlri(families[family], bytes, start, end, addPath, withdrawn, (at, until, pathId) => {
      if (!this.#wants(family, bytes, at, until, withdrawn)) return;
      found(linePrefix(family, bytes, at, until, withdrawn), addPath ? `|${pathId}` : '');
    });
  }
}

function peerField({ address, asn }: Pick<MrtPeer, 'address' | 'asn'>): string {
  return `|B|${inLineStyle(address)}|${asn}|`;
}
