import { ManualClock, parseAddress } from '@vaportrail/net';
import { Rib } from '@vaportrail/rib';
import { readConfig } from '@vaportrail/show';
import t from 'tap';
import { gatewayConfig, type GatewayConfig } from '../src/config.ts';
import { Underlay } from '../src/underlay.ts';

function config(networks = '[10.169.25.0/24]'): GatewayConfig {
  const text = `
name: camaro
asn: 13979
router-id: 192.168.0.204
dynamic-tunnels:
  - { name: contrail, source-address: 192.168.0.204, destination-networks: ${networks} }
`;
  return readConfig(text, 'gateway.yaml', gatewayConfig);
}

function started() {
  const clock = new ManualClock();
  const underlay = new Underlay(config(), {}, clock, () => {});
  underlay.configure(config());
  const rib = new Rib({ asn: 13979, routerId: 1, schedule: () => {} });
  const bgp = rib.addSource({ name: 'control-1', protocol: 'bgp', routerId: 2 });
  const local = rib.addSource({ name: 'camaro', protocol: 'local', routerId: 1 });
  return { clock, underlay, bgp, local };
}

const cent222 = parseAddress('10.169.25.20');
const elsewhere = parseAddress('10.1.1.1');

t.test('a next hop of a peer needs a way to it, one of the router itself does not', async (t) => {
  const { underlay, bgp, local } = started();
  t.strictSame(underlay.resolve(cent222, bgp), { metric: 0, gateways: 1 });
  t.equal(underlay.resolve(elsewhere, bgp), undefined);
  t.strictSame(underlay.resolve(elsewhere, local), { metric: 0, gateways: 1 });
});

t.test('a next hop that found no user is let go, and its tunnel after the hold-down', async (t) => {
  const { clock, underlay, bgp } = started();
  underlay.resolve(cent222, bgp);
  t.equal(underlay.tunnels.tunnelTo(0x0aa91914)?.state, 'up');
  clock.advance(1000);
  t.not(underlay.tunnels.tunnelTo(0x0aa91914)?.state, 'up');
  clock.advance(config()['tunnel-services']['hold-down'] * 1000);
  t.equal(underlay.tunnels.tunnelTo(0x0aa91914), undefined);
});

t.test('another configuration moves the tunnels that it has otherwise', async (t) => {
  const { underlay, bgp } = started();
  underlay.resolve(cent222, bgp);
  underlay.configure(config('[10.1.0.0/16]'));
  t.equal(underlay.tunnels.tunnelTo(0x0aa91914), undefined);
  t.ok(underlay.resolve(elsewhere, bgp));
  underlay.close();
  t.strictSame(underlay.tunnels.tunnels(), []);
});
