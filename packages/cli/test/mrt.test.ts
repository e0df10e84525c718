import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  LinePrinter,
  MrtFilter,
  MrtPathReader,
  dumpedReach,
  encodeMessageLog,
  encodePeerIndex,
  encodeRib,
  encodeStateChange,
  mrtType,
  ribSubtype,
  ribSubtypeOf,
  type MrtConditions,
} from '@vaportrail/bgp/mrt';
import { readMrt } from '@vaportrail/bgp/mrt-file';
import { encodeAttributes, encodeUpdate, updateFieldsOf } from '@vaportrail/bgp/wire';
import { Writer, parseRouteTarget } from '@vaportrail/net';
import t from 'tap';
import { bin, vaportrail } from './running-command.ts';

const mrt = (...args: readonly string[]) => vaportrail(['mrt', ...args]);

function record(type: number, subtype: number, body: Uint8Array): Uint8Array {
  return new Writer().u32(1_700_000_000).u16(type).u16(subtype).u32(body.length).bytes(body).finish();
}

const peers = [
  { routerId: '10.0.0.1', address: '192.0.2.1', asn: 64_601 },
  { routerId: '10.0.0.2', address: '192.0.2.2', asn: 64_602 },
];
const session = {
  peerAsn: 64_601,
  localAsn: 64_512,
  peer: '192.0.2.1',
  local: '192.0.2.9',
  interfaceIndex: 0,
};
const nextHop = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 10, 169, 25, 20);

function pathThrough(asn: number): Uint8Array {
  const asPath = [{ type: 'sequence' as const, asns: [asn, 3356] }];
  return encodeAttributes({ origin: 'igp', asPath, nextHop: 0xc000_0201, med: asn % 10 }, { asn4: true });
}

const vpnAttributes = Buffer.concat([
  encodeAttributes(
    { origin: 'incomplete', asPath: [], localPref: 200, extendedCommunities: parseRouteTarget('500:500') },
    { asn4: true },
  ),
  dumpedReach(nextHop),
]);
// 10.169.25.20:9:101.101.101.252/32, label 40
const vpnNlri = Uint8Array.of(120, 0, 2, 0x81, 0, 1, 10, 169, 25, 20, 0, 9, 101, 101, 101, 252);
const entry = (peerIndex: number, attributes: Uint8Array) => ({
  peerIndex,
  originated: 1_690_000_000,
  attributes,
});
const withdrawal = { routes: [{ op: 'withdraw', afi: 1, safi: 1, prefix: '203.0.113.0/24' }] };
const log = encodeMessageLog(session, encodeUpdate(updateFieldsOf(withdrawal)), {
  asn4: true,
  addPath: false,
  sent: false,
});
const file = Buffer.concat([
  record(
    mrtType.tableDumpV2,
    ribSubtype.peerIndexTable,
    encodePeerIndex({ collector: '10.0.0.9', viewName: '', peers }),
  ),
  record(
    mrtType.tableDumpV2,
    ribSubtypeOf('inet', false),
    encodeRib('inet', false, 0, Uint8Array.of(24, 198, 51, 100), [
      entry(0, pathThrough(64_601)),
      entry(1, pathThrough(64_602)),
    ]),
  ),
  record(
    mrtType.tableDumpV2,
    ribSubtypeOf('inet-vpn', false),
    encodeRib('inet-vpn', false, 1, vpnNlri, [entry(0, vpnAttributes)]),
  ),
  record(mrtType.bgp4mp, 5, encodeStateChange(session, 5, 6)),
  record(mrtType.bgp4mp, log.subtype, log.body),
]);

t.test(
  'tables and message logs become the lines of bgpdump, VPN routes with their distinguisher',
  async (t) => {
    const dir = t.testdir({});
    const path = join(dir, 'all.mrt');
    writeFileSync(path, file);
    const { code, stdout, stderr } = await mrt(path);
    t.equal(stderr, '');
    t.equal(code, 0);
    t.same(stdout.split('\n'), [
      'TABLE_DUMP2|1700000000|B|192.0.2.1|64601|198.51.100.0/24|64601 3356|IGP|192.0.2.1|0|1||NAG||',
      'TABLE_DUMP2|1700000000|B|192.0.2.2|64602|198.51.100.0/24|64602 3356|IGP|192.0.2.1|0|2||NAG||',
      'TABLE_DUMP2|1700000000|B|192.0.2.1|64601|10.169.25.20:9:101.101.101.252/32||INCOMPLETE|10.169.25.20|200|0||NAG||',
      'BGP4MP|1700000000|STATE|192.0.2.1|64601|5|6',
      'BGP4MP|1700000000|W|192.0.2.1|64601|203.0.113.0/24',
      '',
    ]);
  },
);

t.test('a filter by prefix passes over route targets, which are prefixes of another kind', async (t) => {
  const path = join(t.testdir({}), 'rtc.mrt');
  const membership = Uint8Array.of(96, 0, 0, 0xfc, 0, 0, 2, 1, 0xf4, 0, 0, 1, 0xf4);
  const body = encodeRib('route-target', false, 9, membership, [entry(0, pathThrough(64_601))]);
  const memberships = record(mrtType.tableDumpV2, ribSubtypeOf('route-target', false), body);
  writeFileSync(path, Buffer.concat([file, memberships]));
  t.match(await mrt(path), { code: 0, stdout: /64512:target:500:500/ });
  for (const match of ['exact', 'longer', 'shorter']) {
    const { code, stdout, stderr } = await mrt(path, '--prefix', '198.51.100.0/24', '--match', match);
    t.same([code, stderr], [0, '']);
    t.match(stdout, /^TABLE_DUMP2.*\nTABLE_DUMP2.*\n$/);
  }
});

t.test('every filter narrows, alone and together, in lines and in documents', async (t) => {
  const path = join(t.testdir({}), 'all.mrt');
  writeFileSync(path, file);
  const cases: [MrtConditions, number][] = [
    [{ peer: '192.0.2.2' }, 1],
    [{ asn: 64_602 }, 1],
    [{ asn: 3356 }, 2],
    [{ routeTarget: '500:500' }, 1],
    [{ routeTarget: '500:501' }, 0],
    [{ routeDistinguisher: '10.169.25.20:9' }, 1],
    [{ prefix: '198.51.100.0/24' }, 2],
    [{ prefix: '198.51.100.0/24', asn: 64_601 }, 1],
    [{ prefix: '198.0.0.0/8' }, 0],
    [{ prefix: '198.0.0.0/8', match: 'longer' }, 2],
    [{ prefix: '198.51.100.7/32', match: 'shorter' }, 2],
    [{ prefix: '101.101.101.252/32' }, 1],
    [{ prefix: '203.0.113.0/24' }, 1],
    [{ prefix: '2001:db8::/32' }, 0],
  ];
  for (const [conditions, count] of cases) {
    const what = JSON.stringify(conditions);
    let lines = '';
    const printer = new LinePrinter((piece) => (lines += piece.toString()), new MrtFilter(conditions));
    const reader = new MrtPathReader(new MrtFilter(conditions));
    let documents = 0;
    for await (const record of readMrt(path)) {
      printer.print(record);
      documents += [...reader.read(record)].length;
    }
    printer.flush();
    t.equal(lines.split('\n').length - 1, count, `lines ${what}`);
    t.equal(documents, count, `documents ${what}`);
  }
  const { stdout } = await mrt(path, '--prefix', '198.51.100.7', '--match', 'shorter', '--as', 'AS64602');
  t.match(stdout, /^TABLE_DUMP2.*192\.0\.2\.2.*\n$/);
  t.match(await mrt(path, '--rt', 'x'), { code: 2, stderr: /error: / });
  t.match(await mrt(path, '--as', 'x'), { code: 2, stderr: /An AS is a number/ });
});

t.test('a document has every field by its name', async (t) => {
  const path = join(t.testdir({}), 'all.mrt.gz');
  writeFileSync(path, gzipSync(file));
  const { stdout } = await mrt(path, '--json', '--rd', '10.169.25.20:9');
  t.same(JSON.parse(stdout), {
    type: 'route',
    time: 1_700_000_000,
    peer: { address: '192.0.2.1', asn: 64_601 },
    originated: 1_690_000_000,
    family: 'inet-vpn',
    prefix: '10.169.25.20:9:101.101.101.252/32',
    routeDistinguisher: '10.169.25.20:9',
    label: 40,
    nextHop: '10.169.25.20',
    origin: 'incomplete',
    asPath: '',
    localPref: 200,
    routeTargets: ['500:500'],
  });
});

t.test('a file cut anywhere prints what is whole and says where it ends', async (t) => {
  const dir = t.testdir({});
  for (const length of [file.length - 1, 100, 5]) {
    const path = join(dir, `cut-${length}`);
    writeFileSync(path, file.subarray(0, length));
    t.match(await mrt(path), { code: 1, stderr: /cut-\d+: octet \d+: the file ends inside a record/ });
  }
  writeFileSync(join(dir, 'empty'), '');
  t.match(await mrt(join(dir, 'empty')), { code: 0, stdout: '', stderr: /empty: the file is empty/ });
  writeFileSync(join(dir, 'unknown'), record(99, 1, Uint8Array.of(1, 2, 3)));
  t.match(await mrt(join(dir, 'unknown')), { code: 0, stdout: '', stderr: /1 of 1 records are of a type/ });
  writeFileSync(
    join(dir, 'lying'),
    record(mrtType.tableDumpV2, 2, Uint8Array.of(0, 0, 0, 1, 24, 1, 2, 3, 0, 9)),
  );
  t.match(await mrt(join(dir, 'lying')), {
    code: 1,
    stdout: '',
    stderr: /lying: 1 records could not be read/,
  });
  t.match(await mrt(join(dir, 'absent')), { code: 1, stderr: /absent: no such file\n$/ });
});

t.test('a reader that leaves early is no failure', async (t) => {
  const path = join(t.testdir({}), 'long.mrt');
  writeFileSync(
    path,
    Buffer.concat([
      file,
      ...Array.from({ length: 20_000 }, () => record(mrtType.bgp4mp, 5, encodeStateChange(session, 5, 6))),
    ]),
  );
  const child = spawn(process.execPath, [bin, 'mrt', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number];
  t.equal(code, 0);
  t.equal(complaint, '');
});
