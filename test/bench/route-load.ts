/** VPNv4 routes as UPDATE bytes, built before the clock starts, and what a receiver of them must count. */
import { Writer } from '@vaportrail/net';

/** Which routes to make; route r belongs to route distinguisher r / 100 and has one of `attributeSets` sets. */
export interface RouteLoad {
  readonly routes: number;
  readonly perUpdate: number;
  readonly attributeSets: number;
  /** Whether consecutive UPDATEs change the set (round robin) or a hundred routes share one. */
  readonly setChanges: 'every-update' | 'every-100-routes';
  readonly labels: 'one' | 'per-route';
  /**
   * Whether every route has a prefix of its own, or all route distinguishers have the same hundred. FRR keeps a list of all
   * VPN routes of a prefix, whatever their distinguishers (the import table of its VNC), and walks it for each of them.
   */
  readonly prefixes: 'own' | 'shared';
  /** LOCAL_PREF of every route: another value makes the same routes a change. */
  readonly localPref: number;
  /** First octet of the AS path's first AS, so that several senders send different paths. */
  readonly sender: number;
}

/** What one receiver must end up with. */
export interface Expectation {
  readonly count: number;
  /** Commutative sum of the hash of every NLRI: the order of arrival does not matter. */
  readonly sum: number;
}

export interface BuiltLoad {
  readonly bytes: Uint8Array;
  readonly updates: number;
  readonly expected: Expectation;
}

const ROUTES_PER_DISTINGUISHER = 100;
const NEXT_HOPS = 500;
/** 10.0.0.0/24, as the number of its first three octets; the next route's own is the next one. */
const FIRST_PREFIX = 0x0a_00_00;
/** 24 bits of label, 64 of route distinguisher, 24 of prefix. */
export const NLRI_BITS = 112;
/** In the route distinguishers, which are of type 0. */
export const LOAD_ASN = 65000;
export const NLRI_OCTETS = 1 + NLRI_BITS / 8;
const AFI_SAFI = [0, 1, 128] as const;

/** Hash of one NLRI from the low half of its RD, its three prefix octets and (for announcements) its label. */
export function nlriHash(distinguisher: number, prefix: number, label: number): number {
  let hash = Math.imul(distinguisher ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(prefix + 0x165667b1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15) ^ label, 0x27d4eb2f);
  return (hash ^ (hash >>> 13)) | 0;
}

function labelOfRoute(load: RouteLoad, route: number): number {
  return load.labels === 'one' ? 44 : 16 + (route % 0xffff0);
}

function setOfRoute(load: RouteLoad, route: number): number {
  const run = load.setChanges === 'every-update' ? load.perUpdate : ROUTES_PER_DISTINGUISHER;
  return Math.floor(route / run) % load.attributeSets;
}

function writeAttributes(writer: Writer, load: RouteLoad, set: number): void {
  writer.u8(0x40).u8(1).u8(1).u8(0); // ORIGIN IGP
  writer.u8(0x40).u8(2).u8(10); // AS_PATH, without the reflector's own AS
  writer
    .u8(2)
    .u8(2)
    .u32(64600 + load.sender)
    .u32(64700 + (set & 0xff));
  writer.u8(0x80).u8(4).u8(4).u32(set); // MED
  writer.u8(0x40).u8(5).u8(4).u32(load.localPref);
  writer
    .u8(0xc0)
    .u8(8)
    .u8(8)
    .u32(0xfde80001)
    .u32(0xfde90000 | (set & 0xffff)); // COMMUNITIES
  writer.u8(0xc0).u8(16).u8(16); // EXTENDED COMMUNITIES: two route targets
  writer
    .u16(0x0002)
    .u16(65000)
    .u32(1 + (set % 1000));
  writer
    .u16(0x0002)
    .u16(65000)
    .u32(100_000 + set);
}

/** The UPDATEs that announce the load, in order. */
export function announcements(load: RouteLoad): BuiltLoad {
  const writer = new Writer(Math.ceil((load.routes / load.perUpdate) * 112 + load.routes * NLRI_OCTETS));
  let sum = 0;
  let updates = 0;
  for (let first = 0; first < load.routes; first += load.perUpdate) {
    const last = Math.min(first + load.perUpdate, load.routes);
    const set = setOfRoute(load, first);
    const start = writer.length;
    writer.u32(0xffffffff).u32(0xffffffff).u32(0xffffffff).u32(0xffffffff).u16(0).u8(2).u16(0);
    const lengthAt = writer.length;
    writer.u16(0);
    writeAttributes(writer, load, set);
    writer
      .u8(0x90)
      .u8(14)
      .length16((reach) => {
        const nextHop = set % NEXT_HOPS;
        reach.u8(AFI_SAFI[0]).u8(AFI_SAFI[1]).u8(AFI_SAFI[2]);
        reach
          .u8(12)
          .u64(0n)
          .u32(0x0aff_0000 + 256 + nextHop)
          .u8(0);
        for (let route = first; route < last; route++) {
          const label = labelOfRoute(load, route);
          sum = (sum + writeNlri(reach, load, route, label)) | 0;
        }
      });
    writer.patch16(lengthAt, writer.length - lengthAt - 2);
    writer.patch16(start + 16, writer.length - start);
    updates++;
  }
  return { bytes: writer.finish(), updates, expected: { count: load.routes, sum } };
}

/** The UPDATEs that withdraw the load. */
export function withdrawals(load: RouteLoad): BuiltLoad {
  const writer = new Writer(load.routes * (NLRI_OCTETS + 1) + 4096);
  const perUpdate = 200;
  let sum = 0;
  let updates = 0;
  for (let first = 0; first < load.routes; first += perUpdate) {
    const start = writer.length;
    writer.u32(0xffffffff).u32(0xffffffff).u32(0xffffffff).u32(0xffffffff).u16(0).u8(2).u16(0);
    const lengthAt = writer.length;
    writer.u16(0);
    writer
      .u8(0x90)
      .u8(15)
      .length16((unreach) => {
        unreach.u8(AFI_SAFI[0]).u8(AFI_SAFI[1]).u8(AFI_SAFI[2]);
        for (let route = first; route < Math.min(first + perUpdate, load.routes); route++) {
          sum = (sum + writeNlri(unreach, load, route, 0)) | 0;
        }
      });
    writer.patch16(lengthAt, writer.length - lengthAt - 2);
    writer.patch16(start + 16, writer.length - start);
    updates++;
  }
  return { bytes: writer.finish(), updates, expected: { count: load.routes, sum } };
}

/** The loads of a workload, built once for all daemons and repetitions. */
export class BuiltLoads {
  readonly #built = new Map<string, BuiltLoad>();

  announcements(load: RouteLoad): BuiltLoad {
    return this.#once(`announce ${JSON.stringify(load)}`, () => announcements(load));
  }

  withdrawals(load: RouteLoad): BuiltLoad {
    return this.#once(`withdraw ${JSON.stringify(load)}`, () => withdrawals(load));
  }

  #once(key: string, build: () => BuiltLoad): BuiltLoad {
    let built = this.#built.get(key);
    if (built === undefined) this.#built.set(key, (built = build()));
    return built;
  }
}

/** The UPDATE that announces the single route number `route` of a load. */
export function announcement(load: RouteLoad, route: number): Uint8Array {
  const { bytes } = announcements({ ...load, routes: 1 });
  const nlri = new Writer(NLRI_OCTETS);
  writeNlri(nlri, load, route, labelOfRoute(load, route));
  bytes.set(nlri.finish(), bytes.length - NLRI_OCTETS);
  return bytes;
}

/** The number of the route that has this prefix of its own. */
export function routeOf(prefix: number): number {
  return prefix - FIRST_PREFIX;
}

function prefixOf({ prefixes }: RouteLoad, route: number): number {
  return prefixes === 'own' ? FIRST_PREFIX + route : FIRST_PREFIX + (route % ROUTES_PER_DISTINGUISHER);
}

/** Writes the NLRI of a route; yields its hash. */
function writeNlri(writer: Writer, load: RouteLoad, route: number, label: number): number {
  const distinguisher = Math.floor(route / ROUTES_PER_DISTINGUISHER);
  const prefix = prefixOf(load, route);
  writer
    .u8(NLRI_BITS)
    .u24((label << 4) | 1)
    .u16(0)
    .u16(LOAD_ASN)
    .u32(distinguisher)
    .u24(prefix);
  return nlriHash(distinguisher, prefix, label);
}
