import t from 'tap';
import type { FloatingIpSettings, InterfaceSettings, VrfSettings } from '../src/virtual-router-settings.ts';
import { settingsChanges } from '../src/virtual-router-change.ts';

const RED = 'default-domain:demo:red:red';
const BLUE = 'default-domain:demo:blue:blue';

function vrf(name: string): VrfSettings {
  return { name, 'virtual-network': name.slice(0, name.lastIndexOf(':')), subnets: [] };
}

function floatingIp(address: string, direction: FloatingIpSettings['direction'] = 'both') {
  return { address, vrf: BLUE, direction, 'port-maps': [] };
}

function tap(name: string, settings: Partial<InterfaceSettings> = {}): InterfaceSettings {
  const address = ['10.0.0.1'];
  const mac = '02:00:00:00:00:01';
  const groups = { 'security-groups': [], 'floating-ips': [] };
  return { name, vrf: RED, address, mac, preference: 200, ...groups, ...settings };
}

function contents(vrfs: readonly VrfSettings[], interfaces: readonly InterfaceSettings[]) {
  return { vrfs, interfaces, 'load-balancers': [] };
}

t.test('VRFs come first and go last, and what goes goes before anything comes', (t) => {
  const before = contents([vrf(RED)], [tap('tap-a')]);
  const after = contents([vrf(BLUE)], [tap('tap-b', { vrf: BLUE })]);
  t.strictSame(
    settingsChanges(before, after).map(({ type }) => type),
    ['add-vrf', 'remove-interface', 'add-interface', 'remove-vrf'],
  );
  t.end();
});

t.test('a node that is configured gets everything, one that is no longer loses it', (t) => {
  const all = contents([vrf(RED)], [tap('tap-a')]);
  t.strictSame(settingsChanges(undefined, all), [
    { type: 'add-vrf', vrf: vrf(RED) },
    { type: 'add-interface', interface: tap('tap-a') },
  ]);
  t.strictSame(settingsChanges(all, undefined), [
    { type: 'remove-interface', name: 'tap-a' },
    { type: 'remove-vrf', name: RED },
  ]);
  t.strictSame(settingsChanges(all, structuredClone(all)), [], 'what is the same is no step');
  t.end();
});

t.test('floating IPs and the preference change while the interface stays', (t) => {
  const had = tap('tap-a', { 'floating-ips': [floatingIp('198.51.100.1'), floatingIp('198.51.100.2')] });
  const has = tap('tap-a', {
    preference: 100,
    'floating-ips': [floatingIp('198.51.100.2', 'ingress'), floatingIp('198.51.100.3')],
  });
  t.strictSame(settingsChanges(contents([], [had]), contents([], [has])), [
    { type: 'remove-floating-ip', interface: 'tap-a', address: '198.51.100.1', vrf: BLUE },
    { type: 'set-preference', name: 'tap-a', preference: 100 },
    { type: 'change-floating-ip', interface: 'tap-a', floatingIp: floatingIp('198.51.100.2', 'ingress') },
    { type: 'add-floating-ip', interface: 'tap-a', floatingIp: floatingIp('198.51.100.3') },
  ]);
  t.end();
});

t.test('an interface with another address is another interface', (t) => {
  const moved = tap('tap-a', { address: ['10.0.0.2'] });
  t.strictSame(settingsChanges(contents([], [tap('tap-a')]), contents([], [moved])), [
    { type: 'remove-interface', name: 'tap-a' },
    { type: 'add-interface', interface: moved },
  ]);
  t.end();
});
