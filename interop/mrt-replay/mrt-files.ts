/** MRT files to be played: a table as two peers have it, and what they say one after the other. */
import {
  dumpedReach,
  encodeMessageLog,
  encodePeerIndex,
  encodeRib,
  mrtType,
  ribSubtype,
  ribSubtypeOf,
} from '@vaportrail/bgp/mrt';
import { encodeAttributes, encodeUpdate, type FamilyName } from '@vaportrail/bgp/wire';
import { Writer, parseAddress, parsePrefix, prefixOctets } from '@vaportrail/net';
import { writeFileSync } from 'node:fs';

export const peers = [
  { routerId: '198.51.100.1', address: '198.51.100.1', asn: 64601 },
  { routerId: '198.51.100.2', address: '198.51.100.2', asn: 64602 },
];
const TIME = 1_700_000_000;

function record(seconds: number, type: number, subtype: number, body: Uint8Array): Uint8Array {
  return new Writer().u32(seconds).u16(type).u16(subtype).u32(body.length).bytes(body).finish();
}

function nlri(prefix: string): Uint8Array {
  const { bytes, length } = parsePrefix(prefix);
  return Uint8Array.of(length, ...bytes.subarray(0, prefixOctets(length)));
}

/** The networks of the table: IPv4 ones, and an IPv6 one. */
export function networks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 0xff}.0/24`);
}
export const network6 = '2001:db8:1::/48';

/** Writes a TABLE_DUMP_V2 file: every network as both peers have it, three of four with the attributes of their neighbour. */
export function writeTableFile(path: string, prefixes: readonly string[]): void {
  const records = [
    record(
      TIME,
      mrtType.tableDumpV2,
      ribSubtype.peerIndexTable,
      encodePeerIndex({ collector: '203.0.113.254', viewName: '', peers }),
    ),
  ];
  const add = (family: FamilyName, prefix: string, sequence: number, nextHop?: string): void => {
    const paths = peers.map(({ asn, address }, peerIndex) => ({
      peerIndex,
      originated: TIME - 60,
      attributes: encodeAttributes(
        {
          origin: 'igp',
          asPath: [{ type: 'sequence', asns: [asn, 3356, 200_000 + (sequence >> 2)] }],
          med: 7,
          communities: [asn * 65_536 + 20],
          largeCommunities: [[200_000, 1, sequence >> 2]],
          ...(nextHop === undefined
            ? { nextHop: new DataView(parseAddress(address).buffer).getUint32(0) }
            : {
                unknown: [{ flags: 0x80, code: 14, value: dumpedReach(parseAddress(nextHop)).subarray(3) }],
              }),
        },
        { asn4: true },
      ),
    }));
    const body = encodeRib(family, false, sequence, nlri(prefix), paths);
    records.push(record(TIME, mrtType.tableDumpV2, ribSubtypeOf(family, false), body));
  };
  prefixes.forEach((prefix, i) => add('inet', prefix, i));
  add('inet6', network6, prefixes.length, '2001:db8::1');
  writeFileSync(path, Buffer.concat(records));
}

/** One message of a log: seconds after its beginning, which peer, what it says. */
export interface LoggedMessage {
  readonly after: number;
  readonly peer: 0 | 1;
  readonly announce?: string;
  readonly withdraw?: string;
}

/** Writes a BGP4MP file. */
export function writeLogFile(path: string, messages: readonly LoggedMessage[]): void {
  const records = messages.map(({ after, peer, announce, withdraw }) => {
    const { asn, address } = peers[peer]!;
    const update = encodeUpdate({
      routes: [
        ...(announce === undefined
          ? []
          : [{ op: 'announce' as const, afi: 1, safi: 1, pathId: null, prefix: announce, nextHop: address }]),
        ...(withdraw === undefined
          ? []
          : [{ op: 'withdraw' as const, afi: 1, safi: 1, pathId: null, prefix: withdraw }]),
      ],
      attributes: announce === undefined ? {} : { origin: 'igp', asPath: [asn, 3356] },
    });
    const { subtype, body } = encodeMessageLog(
      { peerAsn: asn, localAsn: 65010, peer: address, local: '203.0.113.254', interfaceIndex: 0 },
      update,
      { asn4: true, addPath: false, sent: false },
    );
    return record(TIME + after, mrtType.bgp4mp, subtype, body);
  });
  writeFileSync(path, Buffer.concat(records));
}
