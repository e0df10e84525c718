import t from 'tap';
import { sourceOf } from '../src/source-address.ts';

t.test('whoever has an IPv6 network counts as one, whoever has an IPv4 address too', async (t) => {
  t.not(sourceOf('10.0.0.1'), sourceOf('10.0.0.2'));
  t.equal(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:2:ffff:ffff:ffff:ffff'));
  t.not(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:3::1'));
  t.equal(sourceOf('fe80::1%eth0'), sourceOf('fe80::2%eth1'));
});

t.test('what is no address is its own source', async (t) => {
  for (const text of ['', 'replayed', 'x:y']) t.equal(sourceOf(text), text);
});
