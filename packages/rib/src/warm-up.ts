/** Lets the compiler see the hot paths before the first peer does. */
import { encodeAttributes, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer } from '@vaportrail/net';
import { Rib } from './rib.ts';
import type { Source } from './source.ts';

const ROUTES_PER_UPDATE = 20;
const UPDATES = 100;

/**
 * Runs made-up VPN routes through a `Rib` of its own for about so many milliseconds: announced, changed, reflected and
 * withdrawn. What the compiler learns belongs to the code and not to the instance, so the first hundred thousand
 * routes of a real peer take half the time.
 */
export function warmUp(milliseconds: number, now: () => number): void {
  const until = now() + milliseconds;
  const rib = new Rib({ asn: 64512, routerId: 1, clusterId: 1 });
  const table = rib.createTable({ name: 'warm-up', family: 'inet-vpn', selection: 'contrail' });
  const peer = (id: number): Source =>
    rib.addSource({
      name: `${id}`,
      protocol: 'bgp',
      address: Uint8Array.of(10, 0, 0, id),
      routerId: id,
      asn: 64512,
      internal: true,
      client: true,
    });
  const peers = [peer(1), peer(2), peer(3)];
  const group = rib.updateGroup({ table, internal: true, sparesSuppliers: true });
  for (const source of peers) group.join({ source, backlog: 0, filterByRouteTarget: false, send: () => {} });
  const rounds = [100, 200, 0].map((localPref) => messages(localPref));
  for (let round = 0; round === 0 || now() < until; round++) {
    for (const source of peers.slice(round % 2, (round % 2) + 2)) {
      for (const bytes of rounds[round % rounds.length]!) source.receiveUpdate(bytes, 0, bytes.length);
      rib.settle();
    }
  }
}

/** UPDATE messages that announce routes with a preference, or withdraw them when that is 0. */
function messages(localPref: number): Uint8Array[] {
  const made: Uint8Array[] = [];
  for (let message = 0; message < UPDATES; message++) {
    const mp = new Writer();
    mp.u16(1).u8(128);
    if (localPref > 0) mp.u8(12).bytes(new Uint8Array(8)).u32(0x0a00_0001).u8(0);
    for (let route = 0; route < ROUTES_PER_UPDATE; route++) {
      mp.u8(112)
        .u24(((16 + route) << 4) | 1)
        .u16(1)
        .u32(0x0a00_0000 + message)
        .u16(1)
        .u24(0x0b_0000 + route);
    }
    const asPath = [{ type: 'sequence', asns: [65000 + (message % 50)] }] as const;
    const encoded =
      localPref > 0 ? encodeAttributes({ origin: 'igp', asPath, med: 1, localPref }) : new Uint8Array(0);
    const body = new Writer();
    body.u16(0).length16((writer) => {
      writer
        .bytes(encoded)
        .u8(0x90)
        .u8(localPref > 0 ? 14 : 15)
        .u16(mp.length)
        .bytes(mp.finish());
    });
    made.push(frameMessage(messageType.update, body.finish()));
  }
  return made;
}
