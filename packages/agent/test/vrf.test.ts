import t from 'tap';
import { NextHopTable } from '../src/next-hop.ts';
import { LOCAL, LOCAL_VM_PORT, type Path, type PathSource } from '../src/route.ts';
import { Vrf, hostPrefix, virtualNetworkOf } from '../src/vrf.ts';

const nextHops = new NextHopTable();
const tunnel = nextHops.acquire({ type: 'tunnel', destination: '10.0.0.2', tunnelType: 'MPLSoUDP' });
const first: PathSource = { name: 'first control node', rank: 0 };
const second: PathSource = { name: 'second control node', rank: 1 };

function path(source: PathSource, more: Partial<Path> = {}): Path {
  const learned = source.rank < LOCAL_VM_PORT.rank;
  return {
    source,
    nextHop: tunnel,
    label: 20,
    received: learned ? ({} as NonNullable<Path['received']>) : undefined,
    preference: 100,
    sequence: 0,
    generation: 1,
    stale: false,
    ...more,
  };
}

t.test('the longest match wins, in both families', async (t) => {
  const vrf = new Vrf('default-domain:demo:blue:blue', 1, 'default-domain:demo:blue');
  for (const prefix of ['0.0.0.0/0', '10.32.0.0/12', '10.47.255.236/32', 'fd00::/64', 'fd00::7/128']) {
    vrf.table(prefix).ensure(prefix).set(path(first));
  }
  const match = (address: string): string | undefined => vrf.lookup(address)?.prefix;
  t.equal(match('10.47.255.236'), '10.47.255.236/32');
  t.equal(match('10.47.255.237'), '10.32.0.0/12');
  t.equal(match('192.0.2.1'), '0.0.0.0/0');
  t.equal(match('fd00::7'), 'fd00::7/128');
  t.equal(match('fd00::8'), 'fd00::/64');
  t.equal(match('fd01::8'), undefined);
  vrf.inet.delete('10.47.255.236/32');
  t.equal(match('10.47.255.236'), '10.32.0.0/12');
  vrf.inet.delete('0.0.0.0/0');
  t.equal(match('192.0.2.1'), undefined);
  t.throws(() => vrf.lookup('nonsense'), RangeError);
});

t.test('what control nodes say forwards before what is local, because they know every backend', async (t) => {
  const route = new Vrf('a:b:c:d', 1, 'a:b:c').inet.ensure('10.0.0.1/32');
  route.set(path(LOCAL_VM_PORT, { preference: 200 }));
  route.set(path(LOCAL, { nextHop: nextHops.discard }));
  route.set(path(first));
  t.same(
    route.paths.map(({ source }) => source.name),
    [first.name, LOCAL_VM_PORT.name, LOCAL.name],
  );
  t.equal(
    route.set(path(first, { nextHop: nextHops.discard }))?.nextHop,
    tunnel,
    'the replaced path is told',
  );
  t.equal(route.active?.source, LOCAL_VM_PORT, 'a path that leads nowhere does not forward');
});

t.test('of two control nodes the fresh, preferred, newest, first path forwards', async (t) => {
  const route = new Vrf('a:b:c:d', 1, 'a:b:c').inet.ensure('10.0.0.1/32');
  const winner = (one: Partial<Path>, other: Partial<Path>): string | undefined => {
    route.set(path(first, one));
    route.set(path(second, other));
    return route.active?.source.name;
  };
  t.equal(winner({}, {}), first.name);
  t.equal(winner({ stale: true, preference: 200 }, {}), second.name);
  t.equal(winner({}, { preference: 200 }), second.name);
  t.equal(winner({ preference: 200 }, { sequence: 5 }), first.name);
  t.equal(winner({}, { sequence: 5 }), second.name);
  route.path(second)!.stale = true;
  route.sort();
  t.equal(route.active?.source.name, first.name, 'order follows a mark that was set later');
});

t.test('names', async (t) => {
  t.equal(virtualNetworkOf('default-domain:demo:public:public'), 'default-domain:demo:public');
  t.equal(hostPrefix('10.0.0.1'), '10.0.0.1/32');
  t.equal(hostPrefix('fd00::1'), 'fd00::1/128');
});
