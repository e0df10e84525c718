import { parseRouteTarget } from '@vaportrail/net';
import t from 'tap';
import {
  PathAttributes,
  attributeTexts,
  encodeAttributes,
  parseExtendedCommunity,
} from '../src/wire/index.ts';

const asn4 = { asn4: true } as const;

t.test(
  'what a path carries is text, and route targets stand apart from other extended communities',
  async (t) => {
    const bytes = encodeAttributes({
      origin: 'igp',
      asPath: [{ type: 'sequence', asns: [65001, 70000] }],
      localPref: 200,
      med: 100,
      communities: [0xfde80064],
      extendedCommunities: Buffer.concat([
        parseRouteTarget('target:500:500'),
        parseExtendedCommunity('encapsulation:gre'),
      ]),
      originatorId: 0x0a010103,
      clusterList: [0x0a010101],
    });
    t.strictSame(attributeTexts(new PathAttributes(bytes, asn4)), {
      origin: 'igp',
      asPath: '65001 70000',
      localPref: 200,
      med: 100,
      communities: ['65000:100'],
      routeTargets: ['500:500'],
      extendedCommunities: ['encapsulation:gre'],
      originatorId: '10.1.1.3',
      clusterList: ['10.1.1.1'],
    });
  },
);

t.test('what a path does not carry is absent, but for the path of ASes, which may be empty', async (t) => {
  t.strictSame(attributeTexts(new PathAttributes(new Uint8Array(0), asn4)), { asPath: '' });
});
