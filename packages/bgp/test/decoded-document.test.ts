import { readFileSync } from 'node:fs';
import { parseHex } from '@vaportrail/net';
import t from 'tap';
import { z } from 'zod';
import { attributes } from '../src/attributes/table.ts';
import { type DecodeContext, type UpdateDocument, describeMessage, frameMessage } from '../src/wire/index.ts';

const folder = new URL('../../', import.meta.url);
const schemaJson = JSON.parse(readFileSync(new URL('decoded-document.schema.json', folder), 'utf8')) as {
  $defs: { attributes: { properties: Record<string, unknown> } };
};
const schema = z.fromJSONSchema(schemaJson as Parameters<typeof z.fromJSONSchema>[0]);

/** Messages of every kind, family and attribute. */
const seeds = readFileSync(new URL('../../test/fuzz/corpus/bgp-messages.hex', folder), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

function describe(hex: string, context?: DecodeContext): unknown {
  return JSON.parse(JSON.stringify(describeMessage(parseHex(hex), context)));
}

/** An UPDATE with nothing but attributes and NLRI. */
function update(attributeHex: string, nlri = '', withdrawn = ''): string {
  const length = (hex: string): string => (hex.length / 2).toString(16).padStart(4, '0');
  const body = length(withdrawn) + withdrawn + length(attributeHex) + attributeHex + nlri;
  return Buffer.from(frameMessage(2, parseHex(body))).toString('hex');
}

t.test('every document is one the schema describes', async (t) => {
  for (const seed of seeds) {
    for (const hex of [seed, seed.slice(0, -2), seed.replace('40010100', '40010109')]) {
      const result = schema.safeParse(describe(hex));
      if (!result.success) t.fail(`${hex}: ${z.prettifyError(result.error)}`);
    }
  }
  t.notOk(schema.safeParse({ type: 'update', problems: [{ approach: 'shrug' }] }).success);
  t.notOk(schema.safeParse({ type: 'update', problems: [], attributes: { origin: 'elsewhere' } }).success);
});

t.test('the schema names every attribute', async (t) => {
  t.same(Object.keys(schemaJson.$defs.attributes.properties).sort(), Object.keys(attributes).sort());
});

t.test('a VPN route is described as the documentation shows', async (t) => {
  const reach =
    '800e21' +
    '000180' +
    '0c' +
    '00000000000000000a010101' +
    '00' +
    '78' +
    '003e91' +
    '00010a0101010001' +
    '656565fc';
  t.same(describe(update(reach + '40010102' + '40020602010000fde8' + '400504000000c8')), {
    type: 'update',
    routes: [
      {
        op: 'announce',
        family: 'inet-vpn',
        afi: 1,
        safi: 128,
        pathId: null,
        rd: '10.1.1.1:1',
        prefix: '101.101.101.252/32',
        labels: [1001],
        nextHop: '10.1.1.1',
      },
    ],
    attributes: { origin: 'incomplete', asPath: [65000], localPref: 200 },
    problems: [],
  });
});

t.test('a problem is described with its approach, numbers and reason', async (t) => {
  const { problems } = describe(
    update('4001020000' + '400200' + '4003040a010101', '18c63364'),
  ) as UpdateDocument;
  t.same(problems, [
    {
      approach: 'treat-as-withdraw',
      code: 3,
      subcode: 5,
      attribute: 'origin',
      because: '2 octets long instead of 1',
    },
  ]);
});

t.test('a message that cannot be framed is an error', async (t) => {
  const keepalive = 'ff'.repeat(16) + '001304';
  for (const [hex, code, subcode] of [
    ['', 1, 2],
    ['ffff', 1, 2],
    ['00' + keepalive.slice(2), 1, 1],
    [keepalive.slice(0, -2) + '09', 1, 3],
    [keepalive + '00', 1, 2],
    ['ff'.repeat(16) + '001404' + '00', 1, 2],
    ['ff'.repeat(16) + '001702' + '0000', 1, 2],
  ] as const) {
    t.match(describe(hex), { type: 'error', problems: [{ approach: 'session-reset', code, subcode }] }, hex);
  }
});

t.test('widths and path identifiers nobody told about are found out', async (t) => {
  const attributes2 = '40010100' + '4002060202' + 'fde8fde9' + '4003040a010101';
  t.match(describe(update(attributes2, '18c63364')), {
    attributes: { asPath: [65000, 65001] },
    layout: { asn4: false },
  });
  const attributes4 = '40010100' + '40020602010000fde8' + '4003040a010101';
  t.match(describe(update(attributes4, '0000000118c633640000000218c63365')), {
    routes: [
      { pathId: 1, prefix: '198.51.100.0/24' },
      { pathId: 2, prefix: '198.51.101.0/24' },
    ],
    problems: [],
  });
  t.match(describe(update(attributes4, '00')), { routes: [{ pathId: null, prefix: '0.0.0.0/0' }] });
});

t.test('a path that can be read in both widths has the one whose AS numbers exist', async (t) => {
  const path = (segments: string): string => {
    const octets = (segments.length / 2).toString(16).padStart(2, '0');
    return update(`400101004002${octets}${segments}4003040a010101`, '180a0a0a');
  };
  const asPath = (hex: string): unknown => (describe(hex) as UpdateDocument).attributes.asPath;
  t.same(asPath(path('0202123489ab02015678')), [4660, 35243, { sequence: [22136] }]);
  t.same(asPath(path('02020001123400020156')), [70196, 131414], 'allocated numbers of four octets');
});

t.test(
  'one label without its bottom bit is told from a stack by the route distinguisher behind it',
  async (t) => {
    const vpn = (bits: string, labels: string): unknown => {
      const nlri = `${bits}${labels}0000fde8000000010a0a0a`;
      const value = `0001800c00000000000000000a01010100${nlri}`;
      const octets = (value.length / 2).toString(16).padStart(2, '0');
      return describe(update(`800e${octets}${value}40010100400200`));
    };
    t.match(vpn('70', '000100'), { routes: [{ rd: '65000:1', prefix: '10.10.10.0/24', labels: [16] }] });
    t.match(vpn('88', '000100000201'), {
      routes: [{ rd: '65000:1', prefix: '10.10.10.0/24', labels: [16, 32] }],
    });
  },
);

t.test('AS4_PATH and AS4_AGGREGATOR are merged into what is shown', async (t) => {
  const path = '40020a0204' + 'fde85ba05ba0fde9' + '';
  const four = 'c0110e0203' + '000100000001000100' + '00fde9';
  const hex = update(
    '40010100' + path + '4003040a010101' + four + 'c007065ba00a010101' + 'c01208000100000a010101',
    '18c63364',
  );
  t.match(describe(hex, { asn4: false }), {
    attributes: {
      asPath: [65000, 65536, 65537, 65001],
      as4Path: [65536, 65537, 65001],
      aggregator: { asn: 65536, address: '10.1.1.1' },
    },
    problems: [],
  });
});

t.test('an OPEN that is wrong shows what could be read of it', async (t) => {
  const open = (body: string): unknown =>
    describe(Buffer.from(frameMessage(1, parseHex(body))).toString('hex'));
  t.match(open('04fc00005a0a0101030e' + '0206' + '4104000111700204' + '0103ff01'), {
    type: 'open',
    version: 4,
    asn: 70000,
    holdTime: 90,
    routerId: '10.1.1.3',
    capabilities: [{ type: 'four-octet-as', asn: 70000 }],
    problems: [{ approach: 'session-reset', code: 2, subcode: 0 }],
  });
  t.match(open('05fc00005a0a01010300'), { version: 5, problems: [{ subcode: 1 }] });
});

t.test('a NOTIFICATION shows what its data say', async (t) => {
  const notification = (body: string): unknown =>
    describe(Buffer.from(frameMessage(3, parseHex(body))).toString('hex'));
  t.match(notification('0609' + '0602' + '03627965'), {
    name: 'Cease (6) / Hard Reset (9)',
    encapsulated: { code: 6, subcode: 2, name: 'Cease (6) / Administrative Shutdown (2)', text: 'bye' },
    problems: [],
  });
  t.match(notification('0601' + '000180' + '000003e8'), { limit: { afi: 1, safi: 128, limit: 1000 } });
  const nested = notification('0609'.repeat(2000)) as { encapsulated: object };
  t.notOk('encapsulated' in nested.encapsulated, 'a hard reset within a hard reset is not looked into');
  t.match(notification('060a'), { name: 'Cease (6) / BFD Down (10)' });
});

t.test('outbound route filters in a ROUTE-REFRESH are shown', async (t) => {
  const refresh = (body: string): unknown =>
    describe(Buffer.from(frameMessage(5, parseHex(body))).toString('hex'));
  t.match(
    refresh('00010001' + '01' + '40' + '000d' + '00' + '00000005' + '10' + '18' + '100a01' + '80'.repeat(2)),
    {
      filters: '014000' + '0d0000000005' + '1018100a018080',
    },
  );
  t.match(
    refresh('00010001' + '01' + '40' + '000b' + '20' + '00000005' + '10' + '18' + '10' + '0a01' + '80'),
    {
      filters: {
        when: 'immediate',
        lists: [
          {
            type: 64,
            entries: [
              { action: 'add', match: 'deny', sequence: 5, atLeast: 16, atMost: 24, prefix: '10.1.0.0/16' },
              { action: 'remove-all' },
            ],
          },
        ],
      },
      problems: [],
    },
  );
  t.match(refresh('00010001' + '02' + '03' + '0002' + 'abcd'), {
    filters: { when: 'defer', lists: [{ type: 3, octets: 'abcd' }] },
  });
});

t.test('what stands in tunnels, segments and sets has names', async (t) => {
  const rest = '40010100' + '400200' + '4003040a010101';
  const attributesOf = (hex: string): unknown =>
    (describe(update(rest + hex, '18c63364')) as UpdateDocument).attributes;
  t.match(attributesOf('c0160d' + '0004000000' + '0a010103e0010101'), {
    pmsiTunnel: { name: 'pim-sm', sender: '10.1.1.3', group: '224.1.1.1' },
  });
  t.match(attributesOf('c01609' + '0006000640' + '0a010103'), {
    pmsiTunnel: { name: 'ingress-replication', label: 100, endpoint: '10.1.1.3' },
  });
  t.match(attributesOf('c0170e' + '0008000a' + '0608' + '00000000' + '0001' + '0a01'), {
    tunnelEncapsulation: [
      { name: 'vxlan', subTlvs: [{ type: 6, name: 'endpoint', value: '0000000000010a01' }] },
    ],
  });
  t.match(
    attributesOf('c01712' + '000d000e' + '060a' + '00000000' + '0001' + '0a010103' + '0f0001'.slice(0, 4)),
    {
      tunnelEncapsulation: [{ name: 'udp', subTlvs: [{ address: '10.1.1.3' }, { type: 15, value: '' }] }],
    },
  );
  t.match(
    attributesOf(
      'c02822' +
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
    ),
    {
      prefixSid: [{ name: 'srv6-l3-service', sids: [{ sid: '2001:db8::', behavior: 19 }] }],
    },
  );
  t.match(attributesOf('c0800b' + '0000fde8' + '40050400000064'), {
    attrSet: { originAs: 65000, named: { localPref: 100 }, attributes: '40050400000064' },
  });
});

t.test('reading a message changes none of its octets, in whatever array they are', async (t) => {
  const partial = '800e11' + '000184' + '04' + '0a010103' + '00' + '32' + '0000fde8' + '0002ff';
  for (const hex of [...seeds, update('40010100' + '400200' + partial)]) {
    const buffer = Buffer.from(hex, 'hex');
    describeMessage(buffer, { asn4: null, addpath: null, ibgp: null });
    if (buffer.toString('hex') !== hex) t.fail(hex);
  }
  const [route] = (describe(update('40010100' + '400200' + partial)) as UpdateDocument).routes;
  t.match(route, { prefix: '65000:0x0002c0/50', nlri: '320000fde80002ff' });
});

t.test('descriptors of BGP-LS have names beside their octets', async (t) => {
  const nlri =
    '00030026' +
    '03' +
    '0000000000000001' +
    '01000010' +
    '020000040000fde8' +
    '020200040a000001' +
    '01090005' +
    '1ec6336465';
  const reach = '800e' + '33' + '400447' + '04' + '0a010103' + '00' + nlri;
  const [route] = (describe(update(reach + '40010100' + '400200')) as UpdateDocument).routes;
  t.match(route, {
    nlriType: 'ipv4-prefix',
    protocol: 'ospfv2',
    descriptors: [
      { type: 256, name: 'local-node', asn: 65000, area: '10.0.0.1' },
      { type: 265, name: 'ip-reachability', prefix: '198.51.100.100/30' },
    ],
  });
});
