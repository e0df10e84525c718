import t from 'tap';
import { survivor } from '../../src/session/collision.ts';

t.test('the connection of the speaker with the higher identifier survives', async (t) => {
  const low = { routerId: 0x0a000001, asn: 64512 };
  const high = { routerId: 0xc0a80001, asn: 64512 };
  t.equal(survivor(high, low), 'ours');
  t.equal(survivor(low, high), 'theirs');
});

t.test('with equal identifiers the higher AS number decides', async (t) => {
  const routerId = 7;
  t.equal(survivor({ routerId, asn: 65002 }, { routerId, asn: 65001 }), 'ours');
  t.equal(survivor({ routerId, asn: 65001 }, { routerId, asn: 65002 }), 'theirs');
});
