/** The routes in MRT records as octets, for those who send them on. */
import { Reader } from '@vaportrail/net';
import { PathAttributes } from '../attributes/path-attributes.ts';
import { walkNlri } from '../families/nlri-field.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { UpdateFrame } from '../wire/update-frame.ts';
import { decodeBgp4mp, locateLoggedUpdate, type MrtMessage } from './bgp4mp.ts';
import type { MrtFilter } from './filter.ts';
import { decodePeerIndex } from './peer-index.ts';
import { mrtType, type MrtRecord } from './record.ts';
import { decodeRib, decodeTableDump, ribSubtype } from './table-dump.ts';

/** One path that a table holds or that a message announces, or one that a message withdraws. */
export interface RecordedRoute {
  /** `table`: several paths of one destination stand in the file one behind the other. */
  readonly op: 'table' | 'announce' | 'withdraw';
  readonly family: FamilyName;
  /** A view of the record, without a path identifier. */
  readonly nlri: Uint8Array;
  /** Which peer said it; and which of its paths it is, 0 without path identifiers. */
  readonly peer: string;
  readonly pathId: number;
  /** Nothing in a withdrawal. A copy of the octets; MP_REACH_NLRI is among them as the file has it. */
  readonly attributes: PathAttributes | undefined;
}

/** Reads routes; remembers the peers of the last index. */
export class RecordedRoutes {
  readonly #filter: MrtFilter | undefined;
  readonly #frame = new UpdateFrame();
  #peers: readonly string[] = [];

  /** With a filter only the routes that pass it are given out. */
  constructor(filter?: MrtFilter) {
    this.#filter = filter;
  }

  /**
   * The routes of a record, in its order; none for what is no route.
   * @throws Truncated when lengths do not fit the record
   */
  *read(record: MrtRecord): Generator<RecordedRoute, void, undefined> {
    switch (record.type) {
      case mrtType.tableDumpV2:
        if (record.subtype === ribSubtype.peerIndexTable) {
          const { peers } = decodePeerIndex(new Reader(record.bytes, record.at, record.end));
          this.#peers = peers.map(({ address }) => address);
        } else yield* this.#rib(record);
        return;
      case mrtType.tableDump:
        return yield* this.#oldRib(record);
      case mrtType.bgp4mp:
      case mrtType.bgp4mpEt: {
        const entry = decodeBgp4mp(record);
        if (entry?.type === 'message' && !entry.sent && this.#filter?.peer(entry.peer) !== false)
          yield* this.#update(record.bytes, entry);
      }
    }
  }

  *#rib(record: MrtRecord): Generator<RecordedRoute, void, undefined> {
    const rib = decodeRib(record);
    if (rib?.family === undefined) return;
    const { bytes } = record;
    const { family, nlriAt, nlriEnd } = rib;
    if (this.#filter?.nlri(family, bytes, nlriAt, nlriEnd, false) === false) return;
    const nlri = bytes.subarray(nlriAt, nlriEnd);
    if (!isWhole(family, nlri)) return;
    for (const { peerIndex, pathId = 0, attributesAt, attributesEnd } of rib.entries) {
      const peer = this.#peers[peerIndex] ?? '';
      if (this.#filter?.peer(peer) === false) continue;
      const attributes = this.#attributes(bytes, attributesAt, attributesEnd, true);
      if (attributes !== undefined) yield { op: 'table', family, nlri, peer, pathId, attributes };
    }
  }

  *#oldRib(record: MrtRecord): Generator<RecordedRoute, void, undefined> {
    const rib = decodeTableDump(record);
    if (rib === undefined) return;
    const { family, prefix, nlri } = rib;
    const peer = rib.peer.address;
    if (this.#filter?.peer(peer) === false || this.#filter?.prefix(prefix) === false) return;
    if (!isWhole(family, nlri)) return;
    const attributes = this.#attributes(record.bytes, rib.attributesAt, rib.attributesEnd, false);
    if (attributes !== undefined) yield { op: 'table', family, nlri, peer, pathId: 0, attributes };
  }

  *#update(bytes: Uint8Array, entry: MrtMessage): Generator<RecordedRoute, void, undefined> {
    const frame = this.#frame;
    if (!locateLoggedUpdate(bytes, entry, frame)) return;
    const unreach = familyOf(frame.unreachAfi, frame.unreachSafi);
    if (this.#filter?.asksForAttributes !== true) {
      yield* this.#field('withdraw', 'inet', bytes, frame.withdrawnAt, frame.withdrawnEnd, entry, undefined);
      yield* this.#field(
        'withdraw',
        unreach,
        bytes,
        frame.unreachNlriAt,
        frame.unreachNlriEnd,
        entry,
        undefined,
      );
    }
    const attributes = this.#attributes(bytes, frame.attributesAt, frame.attributesEnd, entry.asn4);
    if (attributes === undefined) return;
    const reach = familyOf(frame.reachAfi, frame.reachSafi);
    yield* this.#field('announce', 'inet', bytes, frame.nlriAt, frame.nlriEnd, entry, attributes);
    yield* this.#field('announce', reach, bytes, frame.reachNlriAt, frame.reachNlriEnd, entry, attributes);
  }

  #field(
    op: 'announce' | 'withdraw',
    family: FamilyName | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    { peer, addPath }: MrtMessage,
    attributes: PathAttributes | undefined,
  ): RecordedRoute[] {
    const routes: RecordedRoute[] = [];
    if (family === undefined || end <= start) return routes;
    const withdrawn = op === 'withdraw';
    walkNlri(families[family], bytes, start, end, addPath, withdrawn, (at, until, pathId) => {
      if (this.#filter?.nlri(family, bytes, at, until, withdrawn) === false) return;
      routes.push({ op, family, nlri: bytes.subarray(at, until), peer, pathId, attributes });
    });
    return routes;
  }

  #attributes(bytes: Uint8Array, at: number, end: number, asn4: boolean): PathAttributes | undefined {
    const attributes = new PathAttributes(bytes.slice(at, end), { asn4 });
    return this.#filter?.attributes(attributes) === false ? undefined : attributes;
  }
}

/** A file can hold what no peer would take: a prefix longer than its family has bits. */
function isWhole(family: FamilyName, nlri: Uint8Array): boolean {
  return families[family].measure(nlri, 0, nlri.length, false) === nlri.length;
}
