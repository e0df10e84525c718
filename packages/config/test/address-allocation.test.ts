import t from 'tap';
import { addressRow, isAllocatable } from '../src/index.ts';
import { IndexPool } from '../src/index-pool.ts';

const subnet = { ip_prefix: '101.101.101.0', ip_prefix_len: 24 };

t.test('a /24 gives out .252 first, below the gateway and the name server', (t) => {
  const row = addressRow({ subnet });
  t.equal(row.nameAt(0), '101.101.101.252');
  t.equal(row.size, 252);
  t.equal(row.nameAt(251), '101.101.101.1');
  t.equal(row.indexOf('101.101.101.252'), 0);
  t.equal(row.indexOf('101.101.101.254'), undefined);
  t.equal(isAllocatable({ subnet }, '101.101.101.254'), false);
  t.equal(isAllocatable({ subnet }, '101.101.102.1'), false);
  t.end();
});

t.test('from the start, .3 comes first', (t) => {
  t.equal(addressRow({ subnet, addr_from_start: true }).nameAt(0), '101.101.101.3');
  t.end();
});

t.test('allocation pools are all that is given out, a gateway in the middle left out', (t) => {
  const row = addressRow({
    subnet,
    default_gateway: '101.101.101.12',
    allocation_pools: [{ start: '101.101.101.10', end: '101.101.101.13' }],
  });
  t.same(
    [0, 1, 2].map((index) => row.nameAt(index)),
    ['101.101.101.13', '101.101.101.11', '101.101.101.10'],
  );
  t.equal(row.size, 3);
  t.end();
});

t.test('an IPv6 subnet is as long as it is, and a /31 keeps nothing for itself', (t) => {
  const row = addressRow({ subnet: { ip_prefix: 'fd00::', ip_prefix_len: 64 } });
  t.equal(row.nameAt(0), 'fd00::ffff:ffff:ffff:fffc');
  t.equal(row.size, 2 ** 40);
  const pair = addressRow({ subnet: { ip_prefix: '10.0.0.0', ip_prefix_len: 31 } });
  t.same([pair.size, pair.nameAt(0)], [2, '10.0.0.1']);
  t.end();
});

t.test('a place that came back goes first, whatever was taken by name', (t) => {
  const taken = new Set<string>();
  const pool = new IndexPool(addressRow({ subnet }), (name) => taken.has(name));
  const take = (): string => {
    const name = pool.first()!;
    taken.add(name);
    return name;
  };
  const free = (name: string): void => {
    taken.delete(name);
    pool.released(name);
  };
  taken.add('101.101.101.251');
  t.same([take(), take(), take()], ['101.101.101.252', '101.101.101.250', '101.101.101.249']);
  free('101.101.101.250');
  free('101.101.101.252');
  taken.add('101.101.101.252');
  t.equal(take(), '101.101.101.250');
  free('101.101.101.249');
  free('101.101.101.252');
  t.same([take(), take(), take()], ['101.101.101.252', '101.101.101.249', '101.101.101.248']);
  for (let i = 0; i < 247; i++) take();
  t.equal(pool.first(), undefined, 'all 252 are taken');
  free('101.101.101.77');
  t.equal(take(), '101.101.101.77');
  t.end();
});
