import { Reader, hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import {
  type Capability,
  capabilities,
  decodeCapabilities,
  decodeMessage,
  decodeOpen,
  encodeCapabilities,
  encodeMessage,
  encodeOpen,
} from '../src/wire/index.ts';

/** One of each, by type; a capability without one here does not compile. */
const samples: { [T in Exclude<Capability['type'], 'unknown'>]: Extract<Capability, { type: T }> } = {
  multiprotocol: { type: 'multiprotocol', afi: 1, safi: 128 },
  'route-refresh': { type: 'route-refresh' },
  'outbound-route-filtering': {
    type: 'outbound-route-filtering',
    entries: [{ afi: 1, safi: 1, filters: [{ type: 64, mode: 3 }] }],
  },
  'extended-next-hop': { type: 'extended-next-hop', entries: [{ afi: 1, safi: 128, nextHopAfi: 2 }] },
  'extended-message': { type: 'extended-message' },
  bgpsec: { type: 'bgpsec', version: 0, direction: 1, afi: 1 },
  'multiple-labels': { type: 'multiple-labels', entries: [{ afi: 1, safi: 4, count: 3 }] },
  role: { type: 'role', role: 3 },
  'graceful-restart': {
    type: 'graceful-restart',
    restarting: true,
    notification: true,
    restartTime: 120,
    families: [{ afi: 1, safi: 128, forwarding: true }],
  },
  'four-octet-as': { type: 'four-octet-as', asn: 4_200_000_000 },
  'dynamic-capability': { type: 'dynamic-capability', codes: [1, 2] },
  multisession: { type: 'multisession', flags: 0, codes: [1] },
  'add-path': { type: 'add-path', entries: [{ afi: 1, safi: 1, mode: 3 }] },
  'enhanced-route-refresh': { type: 'enhanced-route-refresh' },
  'long-lived-graceful-restart': {
    type: 'long-lived-graceful-restart',
    families: [{ afi: 1, safi: 1, forwarding: false, staleTime: 86_400 }],
  },
  fqdn: { type: 'fqdn', hostname: 'cent222', domain: 'example.org' },
  'software-version': { type: 'software-version', version: 'vaportrail 0.1.0' },
  'paths-limit': { type: 'paths-limit', entries: [{ afi: 1, safi: 1, limit: 4 }] },
  'link-local-next-hop': { type: 'link-local-next-hop' },
  'route-refresh-cisco': { type: 'route-refresh-cisco' },
};

t.test('every capability is read as it was written, and malformed when it is cut off', async (t) => {
  for (const sample of [
    ...Object.values(samples),
    { type: 'unknown', code: 200, value: Uint8Array.of(1, 2) } as const,
  ]) {
    const bytes = encodeCapabilities([sample]);
    t.same(decodeCapabilities(new Reader(bytes)), [sample], sample.type);
    if (sample.type === 'unknown') continue;
    t.equal(bytes[0], capabilities[sample.type].code);
    if (bytes.length === 2 || sample.type === 'dynamic-capability' || sample.type === 'multisession')
      continue;
    const cut = bytes.slice(0, -1);
    cut[1]!--;
    t.throws(() => decodeCapabilities(new Reader(cut)), { code: 2, subcode: 0 }, `${sample.type} cut off`);
  }
});

t.test('a capability that passes the end of its parameter is malformed', async (t) => {
  t.throws(() => decodeCapabilities(new Reader(parseHex('010a'))), { code: 2, subcode: 0 });
  t.throws(() => decodeCapabilities(new Reader(parseHex('01'))), { code: 2, subcode: 0 });
});

t.test('an OPEN is read as it was written', async (t) => {
  const open = {
    type: 'open',
    asn: 64512,
    holdTime: 90,
    routerId: 0x0a010103,
    capabilities: Object.values(samples),
  } as const;
  const message = encodeMessage({ ...open, capabilities: [samples['four-octet-as'], ...open.capabilities] });
  t.match(decodeMessage(message), { asn: 4_200_000_000, holdTime: 90, routerId: 0x0a010103 });
  t.equal(hexText(message.subarray(20, 22)), 'fc00');
});

t.test('an AS number of four octets leaves AS_TRANS in the field of two', async (t) => {
  const body = encodeOpen({ type: 'open', asn: 70_000, holdTime: 90, routerId: 1, capabilities: [] });
  t.equal(hexText(body.subarray(1, 3)), '5ba0');
});

t.test('many capabilities take the extended format, and both formats are read', async (t) => {
  const long = Array.from({ length: 10 }, () => samples['software-version']);
  const list = [samples['four-octet-as'], ...long, ...long];
  const body = encodeOpen({ type: 'open', asn: 64512, holdTime: 90, routerId: 1, capabilities: list });
  t.equal(hexText(body.subarray(9, 11)), 'ffff');
  t.same(decodeOpen(body, 0, body.length).capabilities, list);
  const single = parseHex('04fc00005a0a010103' + '0c' + '0202' + '0200' + '0206' + '4104' + '0000fde8');
  t.match(decodeOpen(single, 0, single.length), { asn: 65_000, capabilities: { length: 2 } });
});

t.test('what is wrong with an OPEN for anybody has its subcode', async (t) => {
  for (const [hex, subcode, data] of [
    ['05fc00005a0a01010300', 1, '0004'],
    ['040000005a0a01010300', 2, ''],
    ['04fc00005a0000000000', 3, ''],
    ['04fc00005a0a010103020100', 4, ''],
    ['04fc0000010a01010300', 6, ''],
    ['04fc0000020a01010300', 6, ''],
    ['04fc00005a0a01010305', 0, ''],
    ['04fc00005a0a0101030102', 0, ''],
    ['04fc00005a0a010103', 0, ''],
    ['04fc00005a0a0101030402020105', 0, '0105'],
  ] as const) {
    const bytes = parseHex(hex);
    t.throws(() => decodeOpen(bytes, 0, bytes.length), { code: 2, subcode, data: parseHex(data) }, hex);
  }
  const zero = parseHex('04fc0000000a01010300');
  t.equal(decodeOpen(zero, 0, zero.length).holdTime, 0, 'no hold timer is no error');
});
