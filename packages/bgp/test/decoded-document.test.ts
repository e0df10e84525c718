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
