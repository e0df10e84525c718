import { parseAddress } from '@vaportrail/net';
import t from 'tap';
import { ForwardingNextHops, type ForwardingLeg } from '../src/forwarding-next-hop.ts';
import { ForwardingTable, type ForwardingAction } from '../src/forwarding-table.ts';

const floatingIp = '101.101.101.252/32';

function leg(protocolNextHop: string, label: number, outgoing: string): ForwardingLeg {
  return { protocolNextHop, label, gateways: [{ interface: outgoing }] };
}

const cent222 = leg('10.169.25.20', 26, 'gr-2/3/0.32771');
const cent333 = leg('10.169.25.21', 26, 'gr-2/2/0.32771');
const forward = (...legs: ForwardingLeg[]): ForwardingAction => ({ type: 'forward', legs });

function table(): { table: ForwardingTable; nextHops: ForwardingNextHops } {
  const nextHops = new ForwardingNextHops({ indirect: 1048597, unicast: 1272 });
  return { nextHops, table: new ForwardingTable('k8s-test.inet', 'inet', nextHops) };
}

t.test('one leg is an indirect next hop over the one that pushes the label', async (t) => {
  const { table: some } = table();
  const { nextHop } = some.install(floatingIp, 'user', forward(cent222));
  t.match(nextHop, {
    type: 'indirect',
    index: 1048597,
    references: 2,
    protocolNextHop: '10.169.25.20',
    target: { type: 'unicast', index: 1273, references: 2, label: 26, interface: 'gr-2/3/0.32771' },
  });
});

t.test('two legs are a unilist over both, and the first keeps its numbers', async (t) => {
  const { table: some } = table();
  const before = some.install(floatingIp, 'user', forward(cent222)).nextHop;
  const { nextHop } = some.install(floatingIp, 'user', forward(cent222, cent333));
  t.match(nextHop, { type: 'unilist', references: 2, members: [{ index: 1048597 }, { index: 1048598 }] });
  t.equal(nextHop.type === 'unilist' && nextHop.members[0], before);
  t.equal(before.references, 2);
});

t.test('routes with the same way out share it; numbers come back when the last one goes', async (t) => {
  const { table: some, nextHops } = table();
  const one = some.install(floatingIp, 'user', forward(cent222, cent333)).nextHop;
  const two = some.install('101.101.101.251/32', 'user', forward(cent222, cent333)).nextHop;
  t.equal(one, two);
  t.equal(one.references, 3);
  some.remove(floatingIp);
  t.equal(two.references, 2);
  some.remove('101.101.101.251/32');
  t.equal(nextHops.size, 1, 'only the reject next hop of the default route is left');
  t.same(
    some.routes().map((route) => route.destination),
    ['0.0.0.0/0'],
  );
});

t.test('churn leaks no next hop', async (t) => {
  const { table: some, nextHops } = table();
  const choices = [forward(cent222), forward(cent333), forward(cent222, cent333), forward(cent333, cent222)];
  for (let i = 0; i < 1000; i++) {
    const prefix = `10.0.${i % 7}.0/24`;
    if (i % 5 === 4) some.remove(prefix);
    else some.install(prefix, 'user', choices[(i * 31) % choices.length]!);
  }
  for (let i = 0; i < 7; i++) some.remove(`10.0.${i}.0/24`);
  t.equal(nextHops.size, 1);
  some.clear();
  t.equal(nextHops.size, 0);
});

t.test('a next hop over two gateways hangs a list below the indirect one', async (t) => {
  const { table: some, nextHops } = table();
  const twoWays: ForwardingLeg = {
    protocolNextHop: '10.1.1.1',
    label: 30,
    gateways: [{ interface: 'ge-0/0/1.0', address: '10.0.1.1' }, { interface: 'ge-0/0/2.0' }],
  };
  const { nextHop } = some.install(floatingIp, 'user', forward(twoWays));
  t.match(nextHop, {
    type: 'indirect',
    target: { type: 'unilist', members: [{ label: 30 }, { label: 30 }] },
  });
  some.clear();
  t.equal(nextHops.size, 0);
});

t.test('the longest prefix wins and the default rejects', async (t) => {
  const { table: some } = table();
  some.install('101.101.101.0/24', 'user', forward(cent333));
  some.install(floatingIp, 'user', forward(cent222));
  t.equal(some.lookUp(parseAddress('101.101.101.252'))?.destination, floatingIp);
  t.equal(some.lookUp(parseAddress('101.101.101.1'))?.destination, '101.101.101.0/24');
  t.match(some.lookUp(parseAddress('8.8.8.8')), { destination: '0.0.0.0/0', nextHop: { type: 'reject' } });
  some.remove('101.101.101.0/24');
  t.equal(some.lookUp(parseAddress('101.101.101.1'))?.nextHop.type, 'reject');
});

t.test('a default route that is removed goes back to rejecting', async (t) => {
  const { table: some } = table();
  some.install('0.0.0.0/0', 'user', forward(cent222));
  some.remove('0.0.0.0/0');
  t.match(some.route('0.0.0.0/0'), { type: 'perm', nextHop: { type: 'reject' } });
});

t.test('the flows of a client are shared between the legs, each on one of them', async (t) => {
  const { table: some } = table();
  some.install(floatingIp, 'user', forward(cent222, cent333));
  const used = new Map<string, number>();
  for (let port = 32768; port < 33768; port++) {
    const flow = {
      source: parseAddress('15.15.15.2'),
      destination: parseAddress('101.101.101.252'),
      protocol: 6,
      sourcePort: port,
      destinationPort: 8888,
    };
    const leg = some.forward(flow)?.leg;
    if (some.forward(flow)?.leg !== leg) t.fail('a flow changed its leg');
    used.set(leg!.interface, (used.get(leg!.interface) ?? 0) + 1);
  }
  t.equal(used.size, 2);
  for (const count of used.values()) t.ok(count > 420 && count < 580, `${count} of 1000`);
});

t.test('an IPv6 table works alike', async (t) => {
  const some = new ForwardingTable('k8s-test.inet6', 'inet6', new ForwardingNextHops());
  some.install('2001:db8::252/128', 'user', forward(cent222));
  t.equal(some.lookUp(parseAddress('2001:db8::252'))?.destination, '2001:db8::252/128');
  t.equal(some.lookUp(parseAddress('2001:db8::1'))?.nextHop.type, 'reject');
});
