import t from 'tap';
import { tooManyPrefixes, weighPrefixes } from '../../src/session/prefix-limit.ts';

t.test('there is a warning from three quarters of the limit on, unless said otherwise', async (t) => {
  const weights = [74, 75, 100, 101].map((count) => weighPrefixes(count, { limit: 100 }));
  t.same(weights, ['fine', 'many', 'many', 'too-many']);
  t.equal(weighPrefixes(49, { limit: 100, warnAt: 50 }), 'fine');
  t.equal(weighPrefixes(50, { limit: 100, warnAt: 50 }), 'many');
});

t.test('the peer is told which family had too many, and how many it may have', async (t) => {
  const { code, subcode, data } = tooManyPrefixes('inet-vpn', 1001, 1000);
  t.same([code, subcode, ...data], [6, 1, 0, 1, 128, 0, 0, 3, 232]);
});
