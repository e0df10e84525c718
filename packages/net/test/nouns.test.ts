import t from 'tap';
import {
  ManualClock,
  RecentMap,
  addressRouteDistinguisher,
  addressText,
  covers,
  hexText,
  ipv4Text,
  isRouteTarget,
  labelField,
  labelOf,
  macText,
  parseAddress,
  parseHex,
  parseIpv4,
  parseIpv6,
  parseMac,
  parsePrefix,
  parseRouteDistinguisher,
  parseRouteTarget,
  prefixOctets,
  prefixText,
  routeDistinguisherText,
  routeTargetText,
} from '../src/index.ts';

t.test('addresses', async (t) => {
  t.equal(ipv4Text(parseIpv4('192.168.0.204')), '192.168.0.204');
  for (const bad of ['1.2.3', '1.2.3.256', '1.2.3.4/32', 'a', ''])
    t.throws(() => parseIpv4(bad), RangeError, bad);
  for (const text of ['::', '::1', '2001:db8::1', 'fe80::1:0:0:1', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1']) {
    t.equal(addressText(parseIpv6(text)), text);
  }
  t.equal(
    addressText(parseIpv6('2001:0db8:0:0:1:0:0:0')),
    '2001:db8:0:0:1::',
    'the longest run of zeros is shortened',
  );
  t.throws(() => parseIpv6('fe80::1%eth0'), RangeError);
  t.equal(parseAddress('10.0.0.1').length, 4);
  t.throws(() => addressText(new Uint8Array(5)), RangeError);
});

t.test('prefixes clear host bits and know what they cover', async (t) => {
  t.equal(prefixText(parsePrefix('101.101.101.252')), '101.101.101.252/32');
  t.equal(prefixText(parsePrefix('10.47.255.255/12')), '10.32.0.0/12');
  t.equal(prefixText(parsePrefix('2001:db8::ffff/33')), '2001:db8::/33');
  t.equal(prefixText(parsePrefix('0.0.0.0/0')), '0.0.0.0/0');
  for (const bad of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/1e1']) {
    t.throws(() => parsePrefix(bad), RangeError, bad);
  }
  t.ok(covers(parsePrefix('10.32.0.0/12'), parsePrefix('10.47.255.238/32')));
  t.notOk(covers(parsePrefix('10.32.0.0/12'), parsePrefix('10.48.0.0/32')));
  t.notOk(covers(parsePrefix('::/0'), parsePrefix('10.0.0.0/8')));
  t.equal(prefixOctets(33), 5);
});

t.test('route distinguishers of the three types', async (t) => {
  for (const [text, hex] of [
    ['65000:1', '0000fde800000001'],
    ['10.169.25.20:9', '00010aa919140009'],
    ['70000:8001', '0002000111701f41'],
  ] as const) {
    t.equal(hexText(parseRouteDistinguisher(text)), hex);
    t.equal(routeDistinguisherText(parseHex(hex)), text);
  }
  t.equal(hexText(addressRouteDistinguisher(parseIpv4('10.169.25.20'), 9)), '00010aa919140009');
  t.equal(routeDistinguisherText(parseHex('0009000000000001')), '0x0009000000000001');
  for (const bad of [
    '1',
    '1:2:3',
    '10.0.0.1:65536',
    '4294967296:1',
    '1:4294967296',
    '70000:65536',
    '10.0.0:1',
    'x:1',
  ]) {
    t.throws(() => parseRouteDistinguisher(bad), RangeError, bad);
  }
});

t.test('route targets with and without their word', async (t) => {
  t.equal(hexText(parseRouteTarget('target:500:500')), '000201f4000001f4');
  t.equal(routeTargetText(parseRouteTarget('10.0.0.1:5')), '10.0.0.1:5');
  t.equal(routeTargetText(parseRouteTarget('70000:8001')), '70000:8001');
  t.equal(routeTargetText(parseRouteTarget('500L:1')), '500L:1');
  t.ok(isRouteTarget(parseRouteTarget('1:1')));
  t.notOk(isRouteTarget(parseHex('030c000000000002')));
  t.throws(() => parseRouteTarget('target:500'), /not a route target/);
});

t.test('labels and MAC addresses', async (t) => {
  t.equal(labelField(44), 0x2c1);
  t.equal(labelOf(0x2c1), 44);
  t.equal(macText(parseMac('02:30:51:C0:fc:9e')), '02:30:51:c0:fc:9e');
  t.throws(() => parseMac('02:30:51:c0:fc'), RangeError);
});

t.test('a manual clock fires timers in order, cancelled ones not at all', async (t) => {
  const clock = new ManualClock(1000);
  const fired: string[] = [];
  clock.after(20, () => fired.push(`late ${clock.now()}`));
  clock.after(10, () => {
    fired.push(`early ${clock.now()}`);
    clock.after(5, () => fired.push(`nested ${clock.now()}`));
  });
  const cancelled = clock.after(10, () => fired.push('never'));
  cancelled.cancel();
  clock.advance(30);
  t.same(fired, ['early 1010', 'nested 1015', 'late 1020']);
  t.equal(clock.now(), 1030);
});

t.test('a recent map keeps what is in use and forgets the rest', async (t) => {
  const map = new RecentMap<number, { readonly number: number }>(4);
  const inUse = { number: 1 };
  map.set(1, inUse);
  for (let number = 2; number < 100; number++) {
    map.set(number, { number });
    t.equal(map.get(1), inUse);
    t.equal(map.get(number)?.number, number);
  }
  t.same(map.get(98), { number: 98 });
  t.equal(map.get(2), undefined);
  let held = 0;
  for (let number = 1; number < 100; number++) if (map.get(number) !== undefined) held++;
  t.ok(held <= 2 * 4, 'twice its capacity at most');
  map.set(1, { number: 7 });
  t.same(map.get(1), { number: 7 });
});
