/** The paths of MRT records one by one, for those who look at them rather than print them as fast as can be. */
import { Reader, addressText, ipv4Text } from '@vaportrail/net';
import { type AttributeTexts, attributeTexts } from '../attributes/attribute-texts.ts';
import { PathAttributes } from '../attributes/path-attributes.ts';
import { walkNlri } from '../families/nlri-field.ts';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { UpdateFrame } from '../wire/update-frame.ts';
import { decodeBgp4mp, locateLoggedUpdate, type MrtMessage } from './bgp4mp.ts';
import type { MrtFilter } from './filter.ts';
import { nextHopOf } from './next-hop.ts';
import { nlriParts, nlriText } from './nlri.ts';
import { decodePeerIndex, type MrtPeer } from './peer-index.ts';
import { mrtType, type MrtRecord } from './record.ts';
import { decodeRib, decodeTableDump, ribSubtype } from './table-dump.ts';

interface AnyPath {
  /** Seconds since the epoch: of the dump, or of the message. */
  readonly time: number;
  readonly peer: { readonly address: string; readonly asn: number };
}

interface MrtNlri {
  readonly family?: FamilyName;
  /** Text of the NLRI, with the route distinguisher in front in VPN families. */
  readonly prefix: string;
  readonly routeDistinguisher?: string;
  readonly label?: number;
  readonly pathId?: number;
}

/** Attributes as text; those that say nothing are absent. */
interface MrtAttributes extends Partial<AttributeTexts> {
  readonly nextHop?: string;
  readonly atomicAggregate?: true;
  readonly aggregator?: string;
}

/** One path of a table, one announcement or withdrawal of a log, or a change of state of a session, as `type` says. */
export type MrtPath =
  | (AnyPath &
      MrtNlri &
      MrtAttributes & {
        readonly type: 'route';
        /** Seconds since the epoch at which it was learned. */
        readonly originated: number;
      })
  | (AnyPath & MrtNlri & MrtAttributes & { readonly type: 'announce' })
  | (AnyPath & MrtNlri & { readonly type: 'withdraw' })
  | (AnyPath & {
      readonly type: 'state';
      /** States before and after, as numbers of RFC 4271 §8.2.2. */
      readonly from: number;
      readonly to: number;
    });

const UNKNOWN_PEER = { address: '', asn: 0 };

/** Reads paths; remembers the peers of the last index. */
export class MrtPathReader {
  readonly #filter: MrtFilter | undefined;
  readonly #frame = new UpdateFrame();
  #peers: readonly MrtPeer[] = [];
  /** View name of the last index; in files of this suite the name of the table. */
  view = '';

  /** With a filter only the paths that pass it are given out. */
  constructor(filter?: MrtFilter) {
    this.#filter = filter;
  }

  /**
   * The paths of a record, in its order.
   * @throws Truncated when lengths do not fit the record
   */
  *read(record: MrtRecord): Generator<MrtPath> {
    switch (record.type) {
      case mrtType.tableDumpV2:
        if (record.subtype === ribSubtype.peerIndexTable) {
          const index = decodePeerIndex(new Reader(record.bytes, record.at, record.end));
          this.#peers = index.peers;
          this.view = index.viewName;
        } else yield* this.#rib(record);
        return;
      case mrtType.tableDump:
        return yield* this.#oldRib(record);
      case mrtType.bgp4mp:
      case mrtType.bgp4mpEt:
        yield* this.#session(record);
    }
  }

  *#rib(record: MrtRecord): Generator<MrtPath> {
    const rib = decodeRib(record);
    if (rib === undefined) return;
    const { bytes } = record;
    const { family, nlriAt, nlriEnd } = rib;
    if (this.#filter?.nlri(family, bytes, nlriAt, nlriEnd, false) === false) return;
    const nlri = nlriFields(family, bytes, nlriAt, nlriEnd, false);
    for (const { peerIndex, originated, pathId, attributesAt, attributesEnd } of rib.entries) {
      const { address, asn } = this.#peers[peerIndex] ?? UNKNOWN_PEER;
      if (this.#filter?.peer(address) === false) continue;
      const attributes = this.#attributes(bytes, attributesAt, attributesEnd, true);
      if (attributes === undefined) continue;
      const about = { type: 'route', time: record.seconds, peer: { address, asn }, originated } as const;
      yield { ...about, ...(pathId !== undefined && { pathId }), ...nlri, ...attributes };
    }
  }

  *#oldRib(record: MrtRecord): Generator<MrtPath> {
    const rib = decodeTableDump(record);
    if (rib === undefined) return;
    const { peer, family, prefix, originated } = rib;
    if (this.#filter?.peer(peer.address) === false || this.#filter?.prefix(prefix) === false) return;
    const attributes = this.#attributes(record.bytes, rib.attributesAt, rib.attributesEnd, false);
    if (attributes === undefined) return;
    yield { type: 'route', time: record.seconds, peer, originated, family, prefix, ...attributes };
  }

  *#session(record: MrtRecord): Generator<MrtPath> {
    const entry = decodeBgp4mp(record);
    if (entry === undefined || this.#filter?.peer(entry.peer) === false) return;
    const time = record.seconds + record.microseconds / 1e6;
    const peer = { address: entry.peer, asn: entry.peerAsn };
    if (entry.type === 'message') yield* this.#update(record.bytes, entry, { time, peer });
    else if (this.#filter?.asksForRoutes !== true)
      yield { type: 'state', time, peer, from: entry.from, to: entry.to };
  }

  *#update(bytes: Uint8Array, entry: MrtMessage, about: AnyPath): Generator<MrtPath> {
    const { addPath, asn4 } = entry;
    const frame = this.#frame;
    if (!locateLoggedUpdate(bytes, entry, frame)) return;
    const withdrawn = [
      ['inet', frame.withdrawnAt, frame.withdrawnEnd],
      [familyOf(frame.unreachAfi, frame.unreachSafi), frame.unreachNlriAt, frame.unreachNlriEnd],
    ] as const;
    if (this.#filter?.asksForAttributes !== true)
      for (const [family, at, end] of withdrawn)
        for (const nlri of this.#nlris(family, bytes, at, end, true, addPath))
          yield { type: 'withdraw', ...about, ...nlri };
    const attributes = this.#attributes(bytes, frame.attributesAt, frame.attributesEnd, asn4);
    if (attributes === undefined) return;
    const announced = [
      ['inet', frame.nlriAt, frame.nlriEnd],
      [familyOf(frame.reachAfi, frame.reachSafi), frame.reachNlriAt, frame.reachNlriEnd],
    ] as const;
    for (const [family, at, end] of announced)
      for (const nlri of this.#nlris(family, bytes, at, end, false, addPath))
        yield { type: 'announce', ...about, ...nlri, ...attributes };
  }

  #nlris(
    family: FamilyName | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    withdrawn: boolean,
    addPath: boolean,
  ): MrtNlri[] {
    const found: MrtNlri[] = [];
    if (family === undefined || end <= start) return found;
    walkNlri(families[family], bytes, start, end, addPath, withdrawn, (at, until, pathId) => {
      if (this.#filter?.nlri(family, bytes, at, until, withdrawn) === false) return;
      found.push({ ...(addPath && { pathId }), ...nlriFields(family, bytes, at, until, withdrawn) });
    });
    return found;
  }

  #attributes(bytes: Uint8Array, at: number, end: number, asn4: boolean): MrtAttributes | undefined {
    const attributes = new PathAttributes(bytes.slice(at, end), { asn4 });
    return this.#filter?.attributes(attributes) === false ? undefined : attributeFields(attributes);
  }
}

function nlriFields(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): MrtNlri {
  const { rd, labels = [] } = nlriParts(family, bytes, at, end, withdrawn);
  return {
    ...(family !== undefined && { family }),
    prefix: nlriText(family, bytes, at, end, withdrawn),
    ...(rd !== undefined && { routeDistinguisher: rd }),
    ...(labels[0] !== undefined && { label: labels[0] }),
  };
}

function attributeFields(attributes: PathAttributes): MrtAttributes {
  const { atomicAggregate, aggregator } = attributes;
  const nextHop = nextHopOf(attributes);
  return {
    ...(nextHop !== undefined && { nextHop: addressText(nextHop) }),
    ...attributeTexts(attributes),
    ...(atomicAggregate && { atomicAggregate: true as const }),
    ...(aggregator !== undefined && { aggregator: `${aggregator.asn} ${ipv4Text(aggregator.address)}` }),
  };
}
