import { Reader, Writer, hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import { type AttributeName, attributes } from '../src/attributes/table.ts';
import { validateAttributes } from '../src/attributes/validate.ts';
import { EXTENDED_LENGTH, type Attribute, OPTIONAL, TRANSITIVE } from '../src/attributes/attribute.ts';
import { walkNlri } from '../src/families/nlri-field.ts';
import { type FamilyName, families, familyOf } from '../src/families/table.ts';
import type { Family } from '../src/families/family.ts';

/** NLRI of each family as they stand on the wire; a family without one here does not compile. */
const nlriOf: Record<FamilyName, readonly string[]> = {
  inet: ['00', '080a', '18c63364', '20ac100003', '0fc0a8'],
  inet6: ['00', '4020010db800000001', '8020010db8000000000000000000000001', '0320'],
  'inet-multicast': ['18e00001'],
  'inet6-multicast': ['20ff0e0001'],
  'inet-labeled': ['30000191c63364', '480001900001a1c63364'],
  'inet6-labeled': ['58000191' + '20010db800000001'],
  'inet-vpn': [
    '78' + '000191' + '00010a0101030004' + 'ac100003',
    '70' + '000191' + '0000fde800000001' + 'c63364',
    '70' + '000191' + '00020000fde80001' + 'c63364',
    '58' + '000011' + '0000fde800000001',
  ],
  'inet6-vpn': ['98' + '000191' + '00010a0101030004' + '20010db800000001'],
  'inet-vpn-multicast': ['58' + '00010a0101030004' + 'e00001'],
  'inet6-vpn-multicast': ['60' + '00010a0101030004' + 'ff0e0001'],
  'route-target': [
    '00',
    '60' + '0000fde8' + '0002fde800000064',
    '20' + '0000fde8',
    '30' + '0000fde8' + '0002',
  ],
  'e-vpn': [
    '0119' + '00010a0101030004' + '00'.repeat(10) + '00000064' + '000191',
    '0221' + '00010a0101030004' + '00'.repeat(10) + '00000064' + '30' + '023051c0fc9e' + '00' + '000191',
    '0228' +
      '00010a0101030004' +
      '00'.repeat(10) +
      '00000064' +
      '30' +
      '023051c0fc9e' +
      '20' +
      '0a2ffffc' +
      '000191' +
      '0003e8',
    '0311' + '00010a0101030004' + '00000064' + '20' + '0a010103',
    '0417' + '00010a0101030004' + '01'.repeat(10) + '20' + '0a010103',
    '0522' + '00010a0101030004' + '00'.repeat(10) + '00000000' + '18' + 'c6336400' + '00000000' + '000191',
    '0603' + 'aabbcc',
  ],
  'inet-flow': [
    '05' + '0118c63364',
    '0c' + '0118c63364' + '038106' + '05911f90',
    '0d' + '038106' + '0513' + '0400' + 'd5' + '07d0' + '098102',
  ],
  'inet6-flow': ['07' + '01200020010db8', '0b' + '01200020010db8' + '0d910001', '07' + '0140380d' + '038106'],
  'inet-vpn-flow': ['0d' + '00010a0101030004' + '0118c63364'],
  'inet6-vpn-flow': ['0f' + '00010a0101030004' + '01200020010db8'],
  'l2vpn-flow': ['0a' + '00010a0101030004' + 'abcd'],
  l2vpn: ['0011' + '0000fde800000001' + '000100010008' + '0c3501', '000c' + '0000fde800000001' + '0a010103'],
  'inet-mvpn': [
    '010c' + '00010a0101030004' + '0a010103',
    '0616' + '00010a0101030004' + '0000fde8' + '20' + '0a010101' + '20' + 'e0010101',
    '0512' + '00010a0101030004' + '20' + '0a010101' + '20' + 'e0010101',
    '0412' + '020c' + '00010a0101030004' + '0000fde8' + '0a010103',
    '0402' + 'abcd',
  ],
  'inet6-mvpn': ['0118' + '00010a0101030004' + '20010db8000000000000000000000001'],
  ls: [
    '0001000d' + '03' + '0000000000000001' + '01000000',
    '00030021' +
      '03' +
      '0000000000000001' +
      '0100000c' +
      '020000040000fde8' +
      '02020000' +
      '01090004' +
      '18c63364',
  ],
  'ls-vpn': ['00010015' + '00010a0101030004' + '03' + '0000000000000001' + '01000000'],
  'sr-te': ['60' + '00000001' + '00000064' + '0a010103'],
  'sr-te6': ['c0' + '00000001' + '00000064' + '20010db8000000000000000000000001'],
  mup: ['0100010c' + '00010a0101030004' + '0a010103'],
  mup6: ['01000109' + '00010a0101030004' + '00'],
  'erm-vpn': ['010c' + '00010a0101030004' + '0a010103'],
};

t.test('the table of families is closed', async (t) => {
  for (const [name, { afi, safi }] of Object.entries(families)) t.equal(familyOf(afi, safi), name);
  t.equal(familyOf(1, 255), undefined);
});

for (const [name, samples] of Object.entries(nlriOf) as [FamilyName, readonly string[]][]) {
  const family: Family = families[name];

  t.test(`${name}: what is read is written again, with and without path identifiers`, async (t) => {
    for (const sample of samples) {
      const bytes = parseHex(sample);
      t.equal(family.measure(bytes, 0, bytes.length, false), bytes.length, sample);
      const fields = family.decode(bytes, 0, bytes.length, false, {});
      const writer = new Writer();
      family.encode(writer, JSON.parse(JSON.stringify(fields)) as typeof fields, false);
      t.equal(hexText(writer.finish()), sample, JSON.stringify(fields));
    }
    const field = parseHex(samples.map((sample) => '00000007' + sample).join(''));
    const seen: number[] = [];
    t.equal(
      walkNlri(family, field, 0, field.length, true, false, (_at, _end, pathId) => seen.push(pathId)),
      -1,
    );
    t.same(
      seen,
      samples.map(() => 7),
    );
  });

  t.test(`${name}: an NLRI that is cut off is malformed, at every octet`, async (t) => {
    for (const sample of samples) {
      const bytes = parseHex(`00000007${sample}`);
      for (let end = 5; end < bytes.length; end++) {
        t.ok(family.measure(bytes, 4, end, false) < 0, `${sample} cut to ${end - 4}`);
        t.equal(walkNlri(family, bytes, 0, end, true, false), 0);
      }
      for (let end = 1; end <= 4; end++) t.equal(walkNlri(family, bytes, 0, end, true, false), 0);
    }
  });
}

/** A right value of each attribute; an attribute without one here does not compile. */
const valueOf: Record<AttributeName, readonly string[]> = {
  origin: ['00', '02'],
  asPath: ['', '02020000fde80000fde9', '01010000fde8' + '02010000fde9' + '02010000fde9', '0301' + '0000fde8'],
  nextHop: ['0a010103'],
  med: ['00000064'],
  localPref: ['000000c8'],
  atomicAggregate: [''],
  aggregator: ['0000fde80a010103'],
  communities: ['fde80064', 'fde80064ffffff01'],
  originatorId: ['0a010103'],
  clusterList: ['0a0101030a010104'],
  extendedCommunities: [
    '0002fc00007a1204030c00000000000d',
    '8071fc000000000680040001000000070123456789abcdef',
  ],
  as4Path: ['02020000fde800010000'],
  as4Aggregator: ['000100000a010103'],
  connector: ['0a010103'],
  pmsiTunnel: ['0006' + '000191' + '0a010103', '0000' + '000000', '0103' + '000000' + '0a010103e0010101'],
  tunnelEncapsulation: [
    '0008000a' + '0104' + '00000064' + '80000101',
    '000d0000',
    '000f0020' +
      '0c06000000000064' +
      '0d02' +
      '0000' +
      '800011' +
      '00' +
      '0906000000000001' +
      '0106000000064000',
  ],
  trafficEngineering: ['0102'],
  ipv6ExtendedCommunities: ['000220010db80000000000000000000000010005', '4002' + '00'.repeat(18)],
  aigp: ['01000b0000000000000064', '02000401' + '01000b0000000000000064'],
  peDistinguisherLabels: ['0a010103000191'],
  linkState: ['04440004' + '00000064'.slice(0, 8), '04000000'],
  largeCommunities: ['0000fde80000000100000002'],
  bgpsecPath: ['0008' + '01000000fde8' + '001b' + '01' + 'aa'.repeat(20) + '0002' + 'abcd'],
  onlyToCustomer: ['0000fde8'],
  domainPath: ['01' + '0000fde8000146', '02' + '0000fde8000146' + '0000fde9000280'],
  serviceFunctionPath: ['01'],
  bfdDiscriminator: ['01'],
  prefixSid: [
    '01000700000000000064',
    '0300080000' + '003e80001f40',
    '05001f' +
      '00' +
      '01001b' +
      '00' +
      '20010db8' +
      '00'.repeat(12) +
      '00' +
      '0013' +
      '00' +
      '010003' +
      '201010',
  ],
  attrSet: ['0000fde8' + '40010100' + '40020602010000fdea', '0000fde8'],
  edgeDiscovery: ['01'],
  edgeForwarding: ['01'],
  originVnPath: ['8071fc0000000006'],
};
/** Attributes whose octets say nothing here: cutting them off leaves them right, unless nothing is left. */
const opaque = new Set<AttributeName>([
  'connector',
  'trafficEngineering',
  'serviceFunctionPath',
  'bfdDiscriminator',
  'edgeDiscovery',
  'edgeForwarding',
  'originVnPath',
]);
const fourOctets = { asn4: true, internal: true, announces: 'mp' } as const;
/** Attributes that stand for four-octet AS numbers come from speakers that have none. */
const contextOf = (
  name: AttributeName,
): typeof fourOctets | (Omit<typeof fourOctets, 'asn4'> & { asn4: false }) =>
  name.startsWith('as4') ? { ...fourOctets, asn4: false } : fourOctets;
const mandatory = ['40010100', '400200', '40050400000064'];

/** The attribute beside the mandatory ones it is none of. */
function set(row: Attribute<unknown>, value: Uint8Array, flags = row.flags): Uint8Array {
  const others = mandatory.filter((attribute) => parseHex(attribute)[1] !== row.code);
  const extended = value.length > 255 ? EXTENDED_LENGTH : 0;
  return parseHex(
    others.join('') + hexText(Uint8Array.of(flags | extended, row.code, value.length)) + hexText(value),
  );
}

for (const [name, samples] of Object.entries(valueOf) as [AttributeName, readonly string[]][]) {
  const row = attributes[name] as Attribute<unknown>;
  const context = contextOf(name);

  t.test(`${name}: what is read is written again, as octets and as plain data`, async (t) => {
    for (const sample of samples) {
      const bytes = parseHex(sample);
      t.same(validateAttributes(set(row, bytes), 0, set(row, bytes).length, context), [], sample);
      const value = row.decode(new Reader(bytes), context);
      const writer = new Writer();
      row.encode(writer, value, context);
      t.equal(hexText(writer.finish()), sample);
      const plain: unknown = JSON.parse(JSON.stringify(row.plain.of(value)));
      const again = new Writer();
      row.encode(again, row.plain.parse(plain), context);
      t.equal(hexText(again.finish()), sample, JSON.stringify(plain));
      t.throws(() => row.plain.parse({ nonsense: [] }), RangeError);
    }
  });

  t.test(`${name}: a value that is cut off is malformed, and named`, async (t) => {
    for (const sample of samples) {
      const bytes = parseHex(sample);
      if (opaque.has(name)) {
        const none = set(row, new Uint8Array(0));
        const [problem] = validateAttributes(none, 0, none.length, context);
        t.match(problem, { approach: 'treat-as-withdraw', subcode: 5, attribute: name }, 'RFC 7606 §4');
        continue;
      }
      const right = new Set(samples);
      for (let end = 0; end < bytes.length; end++) {
        const cut = bytes.slice(0, end);
        if (right.has(hexText(cut)) || isListPrefix(name, end)) continue;
        const [problem] = validateAttributes(set(row, cut), 0, set(row, cut).length, context);
        // RFC 9252 §7: an SRv6 service that is cut off behind its header takes the routes along.
        const isService = name === 'prefixSid' && sample.startsWith('05') && end >= 3;
        const approach = isService ? 'treat-as-withdraw' : row.malformed;
        t.match(problem, { approach, code: 3, attribute: name }, `${sample} cut to ${end}`);
      }
    }
  });

  t.test(`${name}: wrong flags are an error, the lower bits are not`, async (t) => {
    const bytes = parseHex(samples[0]!);
    for (const wrong of [OPTIONAL, TRANSITIVE]) {
      const flags = row.flags ^ wrong;
      const block = set(row, bytes, flags);
      const approach = row.wrongFlags ?? 'treat-as-withdraw';
      t.match(validateAttributes(block, 0, block.length, context), [
        { approach, subcode: 4, attribute: name },
      ]);
    }
    const block = set(row, bytes, row.flags | 0x0f);
    t.same(validateAttributes(block, 0, block.length, context), []);
  });
}

/** Lists cut between two items are shorter lists. */
function isListPrefix(name: AttributeName, octets: number): boolean {
  const item: { readonly [N in AttributeName]?: readonly number[] } = {
    asPath: [0, 6, 12],
    communities: [4],
    clusterList: [4],
    extendedCommunities: [8, 16],
    ipv6ExtendedCommunities: [20],
    aigp: [4],
    linkState: [0],
    attrSet: [4, 8],
  };
  return item[name]?.includes(octets) ?? false;
}
