import { PathAttributes, encodeAttributes } from '@vaportrail/bgp/wire';
import { parseHex } from '@vaportrail/net';
import t from 'tap';
import { junosCommunities } from '../src/junos-communities.ts';

t.test('the communities of the lab, in the words of its router', async (t) => {
  const octets = parseHex(
    '0002' +
      '01f4000001f4' +
      '0002fc00007a1210' +
      '030c000000000002' +
      '030c00000000000d' +
      '8004eac4007a1207' +
      '8071eac40000000b' +
      '8084eac400010000' +
      '8084eac401020006',
  );
  const attributes = new PathAttributes(encodeAttributes({ extendedCommunities: octets }), { asn4: true });
  t.same(junosCommunities(attributes), [
    'target:500:500',
    'target:64512:8000016',
    'encapsulation:unknown(0x2)',
    'encapsulation:mpls-in-udp(0xd)',
    'unknown type 8004 value eac4:7a1207',
    'unknown type 8071 value eac4:b',
    'unknown type 8084 value eac4:10000',
    'unknown type 8084 value eac4:1020006',
  ]);
});

t.test('standard communities come first, large ones last', async (t) => {
  const attributes = new PathAttributes(
    encodeAttributes({
      communities: [(60100 << 16) >>> 0, 0xffff_ff01],
      extendedCommunities: parseHex('0003000100000002'),
      largeCommunities: [[1, 2, 3]],
    }),
    { asn4: true },
  );
  t.same(junosCommunities(attributes), ['60100:0', 'no-export', 'origin:1:2', 'large:1:2:3']);
});
