import t from 'tap';
import { hashFieldNames } from '../src/ecmp.ts';
import { MplsTable } from '../src/mpls.ts';
import { NextHopTable } from '../src/next-hop.ts';
import { interfaceOf } from './compute-node.ts';

t.test('id 0 drops, and equal next hops are one', async (t) => {
  const table = new NextHopTable();
  t.equal(table.get(0), table.discard);
  const one = table.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoUDP' });
  const same = table.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoUDP' });
  const other = table.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoGRE' });
  t.equal(one, same);
  t.not(one, other);
  t.same([one.id, other.id, one.references], [1, 2, 2]);
});

t.test('the last release takes a next hop out and frees its id', async (t) => {
  const table = new NextHopTable();
  const one = table.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoUDP' });
  table.share(one);
  table.release(one);
  t.equal(table.get(1), one);
  table.release(one);
  t.equal(table.get(1), undefined);
  t.equal(table.acquire({ type: 'tunnel', destination: '10.0.0.3', tunnelType: 'MPLSoUDP' }).id, 1);
  t.equal(table.size, 2);
});

t.test('a composite holds its members', async (t) => {
  const table = new NextHopTable();
  const a = table.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoUDP' });
  const b = table.acquire({ type: 'tunnel', destination: '10.0.0.3', tunnelType: 'MPLSoUDP' });
  const members = [
    { nextHop: a, label: 20 },
    { nextHop: b, label: 21 },
  ];
  const hashFields = hashFieldNames;
  const ecmp = table.acquire({ type: 'composite', local: false, vrf: 2, members, hashFields });
  t.equal(
    table.acquire({ type: 'composite', local: false, vrf: 2, members, hashFields }),
    ecmp,
    'in one VRF it is shared',
  );
  t.not(
    table.acquire({ type: 'composite', local: false, vrf: 3, members, hashFields }),
    ecmp,
    'in another it is not',
  );
  const byProtocol = table.acquire({
    type: 'composite',
    local: false,
    vrf: 2,
    members,
    hashFields: ['l4-protocol'],
  });
  t.not(byProtocol, ecmp, 'nor with other hash fields');
  table.release(byProtocol);
  table.release(a);
  table.release(b);
  t.equal(table.get(a.id), a);
  table.release(ecmp);
  table.release(ecmp);
  table.release(table.get(4)!);
  t.same(
    table.list().map(({ type }) => type),
    ['discard'],
  );
});

t.test('every next hop of a label table has one label, however many use it', async (t) => {
  const table = new NextHopTable();
  const labels = new MplsTable(table);
  const one = table.addEncap(interfaceOf('tap1'), true);
  const two = table.addEncap(interfaceOf('tap2', 4), true);
  t.equal(labels.acquire(one), 16);
  t.equal(labels.acquire(one), 16);
  t.equal(labels.acquire(two, 43), 43);
  t.throws(() => labels.acquire(table.addEncap(interfaceOf('x', 5), true), 43), {
    message: '43 is in use',
  });
  t.notOk(labels.release(16), 'still used');
  t.ok(labels.release(16));
  t.equal(labels.get(16), undefined);
  t.notOk(labels.release(16), 'already free');
  t.same(labels.list(), [{ label: 43, nextHop: two, users: 1 }]);
  t.equal(one.references, 1, 'the table let go');
});
