// Tables of random attributes, addresses and prefixes, as lines: ours are those of bgpdump.
import {
  dumpedReach,
  encodePeerIndex,
  encodeRib,
  mrtType,
  ribSubtype,
  ribSubtypeOf,
} from '@vaportrail/bgp/mrt';
import { encodeAttributes } from '@vaportrail/bgp/wire';
import { Writer, prefixOctets } from '@vaportrail/net';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const run = promisify(execFile);
const bgpdump = '/usr/bin/bgpdump';
const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const peers = Array.from({ length: 6 }, (_, i) => ({
  routerId: `10.0.0.${i + 1}`,
  address: ['192.0.2.1', '2001:db8:0:1::9', '2001:db8::1', '::ffff:192.0.2.1', '192.0.2.255', 'fe80::1'][i]!,
  asn: i < 3 ? 65000 + i : 200_000 + i,
}));

const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.nat(100), fc.constantFrom(0, 0xffff_ffff, 0x8000_0000));
const octet = fc.oneof(fc.constant(0), fc.nat(255));
const sixteen = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.array(octet, { minLength: 16, maxLength: 16 }).map((octets) => Uint8Array.from(octets)),
  fc.tuple(fc.constantFrom(0, 0xff), u32).map(([fill, last]) => {
    const bytes = new Uint8Array(16).fill(fill, 10, 12);
    new DataView(bytes.buffer).setUint32(12, last);
    return bytes;
  }),
);
const asPath = fc.array(
  fc.record({
    type: fc.constantFrom(
      'sequence' as const,
      'sequence' as const,
      'set' as const,
      'confed-sequence' as const,
      'confed-set' as const,
    ),
    asns: fc.array(u32, { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 3 },
);
const attributes = fc.record(
  {
    origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
    asPath,
    med: u32,
    localPref: u32,
    atomicAggregate: fc.constant(true as const),
    aggregator: fc.record({ asn: u32, address: u32 }),
    communities: fc.array(
      fc.oneof(u32, fc.constantFrom(0xffff_ff01, 0xffff_ff02, 0xffff_ff03, 0xffff_0000)),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    largeCommunities: fc.array(fc.tuple(u32, u32, u32), { minLength: 1, maxLength: 2 }),
    originatorId: u32,
  },
  { requiredKeys: [] },
);
const destination = fc.record({
  six: fc.boolean(),
  addPath: fc.boolean(),
  length: fc.nat(128),
  octets: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  paths: fc.array(
    fc.record({ peerIndex: fc.nat(5), pathId: u32, attributes, nextHop: u32, nextHop6: sixteen }),
    { minLength: 1, maxLength: 4 },
  ),
});

function record(subtype: number, body: Uint8Array): Uint8Array {
  const header = new Writer().u32(1_700_000_000).u16(mrtType.tableDumpV2).u16(subtype).u32(body.length);
  return Buffer.concat([header.finish(), body]);
}

t.test(
  'whatever is in a table, its lines are those of bgpdump',
  { skip: existsSync(bgpdump) ? false : 'bgpdump is not installed' },
  async (t) => {
    const records = [
      record(ribSubtype.peerIndexTable, encodePeerIndex({ collector: '1.2.3.4', viewName: '', peers })),
    ];
    for (const { six, addPath, length, octets, paths } of fc.sample(destination, 2000)) {
      const family = six ? 'inet6' : 'inet';
      const bits = six ? length : length % 33;
      const nlri = Uint8Array.of(bits, ...octets.subarray(0, prefixOctets(bits)));
      const dumped = paths.map(({ peerIndex, pathId, attributes: fields, nextHop, nextHop6 }) => ({
        peerIndex,
        pathId,
        originated: 1_690_000_000,
        attributes: encodeAttributes(
          six
            ? { ...fields, unknown: [{ flags: 0x80, code: 14, value: dumpedReach(nextHop6).subarray(3) }] }
            : { ...fields, nextHop },
          { asn4: true },
        ),
      }));
      records.push(
        record(ribSubtypeOf(family, addPath), encodeRib(family, addPath, records.length, nlri, dumped)),
      );
    }
    const file = join(t.testdir({}), 'random.mrt');
    writeFileSync(file, Buffer.concat(records));
    const options = { maxBuffer: 1 << 28, env: { ...process.env, NODE_OPTIONS: '' } };
    const theirs = (await run(bgpdump, ['-v', '-m', file], options)).stdout.split('\n');
    const ours = (await run(process.execPath, [vaportrail, 'mrt', file], options)).stdout.split('\n');
    const different = theirs.findIndex((line, i) => line !== ours[i]);
    t.equal(ours[different], theirs[different], 'no line differs');
    t.equal(ours.length, theirs.length);
    t.ok(ours.length > 2000, `${ours.length} lines`);
  },
);
