import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import { decodeUpdate, encodeUpdate, type RouteFields } from '../src/wire/index.ts';

const context = { asn4: true, internal: null, addPath: () => false };

t.test(
  'IPv4 routes in the fields of RFC 4271 and in a multiprotocol attribute stay where they were',
  async (t) => {
    const messages = {
      withdrawn: '0031 02 0002 0000 0018 800f15000101 00 00 00 010d 00 010a 0101 0300 0401 18c63364',
      announced:
        '004302000000244001010040020602010000fde8400304c0000201800e0d00010104c000020100180a0102180a0203180a0204',
    };
    for (const [name, hex] of Object.entries(messages)) {
      const bytes = parseHex('ff'.repeat(16) + hex);
      const update = decodeUpdate(bytes, 0, bytes.length, context);
      t.same(update.problems, [], name);
      t.equal(hexText(encodeUpdate(update)), hexText(bytes), name);
    }
  },
);

t.test('a family is told by its name, by its numbers, or by the prefix', async (t) => {
  const route = {
    op: 'announce',
    prefix: '10.9.0.0/24',
    rd: '64512:1',
    labels: [100],
    nextHop: '192.0.2.1',
  } as const;
  const attributes = { origin: 'igp', asPath: [65001] } as const;
  const bytes = encodeUpdate({ routes: [{ ...route, family: 'inet-vpn' }], attributes });
  t.same(bytes, encodeUpdate({ routes: [{ ...route, afi: 1, safi: 128, pathId: null }], attributes }));
  t.same(bytes, encodeUpdate({ routes: [route], attributes }));
  const six = encodeUpdate({ routes: [{ op: 'withdraw', prefix: '2001:db8::/32' }] });
  t.same(decodeUpdate(six, 0, six.length, context).routes, [
    { op: 'withdraw', family: 'inet6', afi: 2, safi: 1, pathId: null, prefix: '2001:db8::/32' },
  ]);
  const end = encodeUpdate({ endOfRib: { family: 'e-vpn' } });
  t.same(decodeUpdate(end, 0, end.length, context).endOfRib, { family: 'e-vpn', afi: 25, safi: 70 });
});

t.test('a family that cannot be is refused by name', async (t) => {
  const prefix = '10.9.0.0/24';
  const wrong = (route: object): (() => void) => {
    return () => encodeUpdate({ routes: [{ op: 'withdraw', ...route } as RouteFields] });
  };
  t.throws(wrong({ family: 'inet6', afi: 1, safi: 1, prefix }), /"inet6" is AFI 2, SAFI 1, not 1, 1/);
  t.throws(wrong({ family: 'ipv4', prefix }), /no address family is named "ipv4"/);
  t.throws(wrong({ family: 'toString', prefix }), /no address family is named "toString"/);
  t.throws(wrong({ op: undefined, prefix }), /needs op/, 'and is no End-of-RIB');
  t.throws(wrong({}), /needs family, afi and safi, or prefix/);
  t.throws(
    () => encodeUpdate({ endOfRib: { family: 'ipv4' as 'inet' } }),
    /no address family is named "ipv4"/,
  );
});
