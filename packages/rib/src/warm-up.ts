/** Lets the compiler see the hot paths before the first peer does. */
import { type AttributeFields, encodeAttributes, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer } from '@vaportrail/net';
import { enlarged } from './packed-array.ts';
import { Rib } from './rib.ts';
import type { Source } from './source.ts';
import type { Membership } from './update-member.ts';

/** In pairs of neighbours: more pairs than one segment of the index takes, so that it is split. */
const ROUTES = 12_000;
const ROUTES_PER_UPDATE = 60;
const SINGLE_ROUTES = 2000;
/** Messages in a row that have one attribute set, where each has one route. */
const SINGLES_PER_SET = 4;
/** Octets of an NLRI: length, label, route distinguisher, three of the prefix. */
const NLRI_OCTETS = 15;
const DISTINGUISHER_END = 12;
const attributes: AttributeFields = {
  origin: 'igp',
  asPath: [{ type: 'sequence', asns: [65001, 65002] }],
  med: 0,
  localPref: 0,
  communities: [0xfde8_0001],
  extendedCommunities: Uint8Array.of(0, 2, 0xfd, 0xe8, 0, 0, 0, 0, 0, 2, 0xfd, 0xe8, 0, 1, 0, 0),
};
/** Where values stand in a message with these attributes. */
const offset = { med: 43, localPref: 50, routeTarget: 64, anotherAs: 74 } as const;
/** Words of an array that no longer doubles when it grows. */
const LARGE_WORDS = 1 << 18;
/** Octets fed in one go, as from a socket with much in it. */
const PORTION_OCTETS = 16_384;
/** Octets of changes fed one by one in one step. */
const STEP_OCTETS = 4096;

/** Kept, though empty: what the compiler learned from objects is forgotten with them. */
export const kept: Rib[] = [];

/**
 * Runs made-up VPN routes through two `Rib`s of its own: announced by one peer and by a second, changed, told to others,
 * told again, and withdrawn. What the compiler learns belongs to the code and not to the instance, as long as it has
 * seen more than one; so the first hundred thousand routes of a real peer take half the time.
 *
 * Every step takes some milliseconds at the most; altogether they keep a processor busy for about half a second.
 */
export function* warmUp(): Generator<undefined, void> {
  const packed = updates(ROUTES / ROUTES_PER_UPDATE, ROUTES_PER_UPDATE, 1, false);
  const single = updates(SINGLE_ROUTES, 1, SINGLES_PER_SET, false);
  const withdrawn = updates(ROUTES / ROUTES_PER_UPDATE, ROUTES_PER_UPDATE, 1, true);
  // Tables grow so far only when they are large.
  enlarged(new Int32Array(0), LARGE_WORDS);
  yield;
  for (const reflector of [new Reflector(), new Reflector()]) {
    const { rib, first, second } = reflector;
    for (const localPref of [100, 200]) yield* feed(rib, first.source, preferred(packed, localPref));
    yield* feed(rib, second.source, preferred(packed, 150));
    yield* feed(rib, second.source, preferred(single, 100));
    yield* feed(rib, first.source, preferred(single, 300), 1);
    second.membership.refresh();
    yield* feed(rib, first.source, withdrawn);
    yield* feed(rib, second.source, withdrawn);
    reflector.end();
  }
}

/** A route reflector with two clients. */
class Reflector {
  readonly rib = new Rib({ asn: 64512, routerId: 1, clusterId: 1 });
  readonly #table = this.rib.createTable({ name: 'warm-up', family: 'inet-vpn', selection: 'contrail' });
  readonly #group = this.rib.updateGroup({ table: this.#table, internal: true, sparesSuppliers: true });
  readonly first = this.#join(1);
  readonly second = this.#join(2);

  /** Leaves no routes behind. */
  end(): void {
    for (const { source, membership } of [this.first, this.second]) {
      membership.leave();
      this.rib.removeSource(source);
    }
    this.rib.settle();
    kept.push(this.rib);
  }

  #join(id: number): { readonly source: Source; readonly membership: Membership } {
    const source = this.rib.addSource({
      name: `${id}`,
      protocol: 'bgp',
      address: Uint8Array.of(10, 0, 0, id),
      routerId: id,
      asn: 64512,
      internal: true,
      client: true,
      endOfRib: () => {},
    });
    const send = (): void => {};
    return { source, membership: this.#group.join({ source, backlog: 0, filterByRouteTarget: false, send }) };
  }
}

/** Feeds messages in portions, as they come from a socket; the smallest is one message. */
function* feed(
  rib: Rib,
  source: Source,
  bytes: Buffer,
  portion = PORTION_OCTETS,
): Generator<undefined, void> {
  for (let at = 0, step = STEP_OCTETS; at < bytes.length;) {
    for (const portionEnd = at + portion; at < bytes.length && at < portionEnd;) {
      const end = at + bytes.readUInt16BE(at + 16);
      source.receiveUpdate(bytes, at, end);
      at = end;
    }
    for (let more = true; more;) {
      more = rib.drain();
      if (!more && at < step) break;
      step = at + STEP_OCTETS;
      yield;
    }
  }
}

/** UPDATE messages, so many in a row with one attribute set: copies of one, with other numbers in it. */
function updates(messages: number, perUpdate: number, perSet: number, withdrawn: boolean): Buffer {
  const mp = new Writer();
  mp.u16(1).u8(128);
  if (!withdrawn) mp.u8(12).bytes(new Uint8Array(8)).u32(0x0a00_0001).u8(0);
  for (let route = 0; route < perUpdate; route++) {
    mp.u8(112)
      .u24(0x101)
      .u64(1n << 48n)
      .u24(0x0b_0000 + (route >>> 1) * 4 + (route & 1));
  }
  const body = new Writer();
  body.u16(0).length16((writer) => {
    if (!withdrawn) writer.bytes(encodeAttributes(attributes));
    writer
      .u8(0x90)
      .u8(withdrawn ? 15 : 14)
      .u16(mp.length)
      .bytes(mp.finish());
  });
  const model = frameMessage(messageType.update, body.finish());
  const made = Buffer.allocUnsafeSlow(model.length * messages);
  for (let message = 0; message < messages; message++) {
    const at = message * model.length;
    made.set(model, at);
    if (!withdrawn) {
      const set = Math.floor(message / perSet);
      made.writeUInt16BE(set, at + offset.med + 2);
      made.writeUInt16BE(set, at + offset.routeTarget + 6);
      made.writeUInt16BE(set, at + offset.anotherAs);
    }
    const end = at + model.length;
    for (let nlri = end - perUpdate * NLRI_OCTETS; nlri < end; nlri += NLRI_OCTETS) {
      made.writeUInt16BE(message, nlri + DISTINGUISHER_END - 2);
    }
  }
  return made;
}

/** The same messages with another LOCAL_PREF. */
function preferred(bytes: Buffer, localPref: number): Buffer {
  for (let at = 0; at < bytes.length; at += bytes.readUInt16BE(at + 16)) {
    bytes.writeUInt32BE(localPref, at + offset.localPref);
  }
  return bytes;
}
