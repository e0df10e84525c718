import t from 'tap';
import { floatingIp, missing, pathsAt, peerOf, runningLab } from '../running-lab.ts';

t.test(
  'FRR imports the floating IP of both compute nodes into its VRF',
  { skip: missing('frr') },
  async (t) => {
    const lab = await runningLab(t, 'frr');
    const frr = peerOf(lab, 'frr');
    await lab.setBackends(2);
    const paths = await pathsAt(frr, 2);
    t.match(paths, [
      {
        rd: '10.169.25.21:5',
        prefix: floatingIp,
        nextHop: '10.169.25.21',
        label: 28,
        routeTargets: ['500:500', '64512:8000016'],
        localPref: 200,
        med: 100,
      },
      {
        rd: '10.169.25.20:9',
        prefix: floatingIp,
        nextHop: '10.169.25.20',
        label: 43,
        routeTargets: ['500:500', '64512:8000016'],
        localPref: 200,
        med: 100,
      },
    ]);

    const text = await frr.vtysh(`show bgp ipv4 unicast ${floatingIp}`);
    t.match(text, 'Imported from 10.169.25.20:9:101.101.101.252/32');
    t.match(text, 'Imported from 10.169.25.21:5:101.101.101.252/32');
    t.match(text, /Origin incomplete/, 'as Contrail announces them');
    t.match(text, /ET:2\b.*ET:13\b/, 'with both encapsulations: MPLSoGRE and MPLSoUDP');
  },
);

t.test('what has no route target of the VRF stays out of it', { skip: missing('frr') }, async (t) => {
  const lab = await runningLab(t, 'frr');
  const frr = peerOf(lab, 'frr');
  await lab.setBackends(1);
  await pathsAt(frr, 1);
  // The cluster IP and the pods are in networks with other route targets; bgpd keeps them in its VPN table.
  t.same(await frr.paths('10.105.139.153/32'), []);
  t.same(await frr.paths('10.47.255.238/32'), []);
  const vpn = await frr.vpnPaths('10.105.139.153/32');
  t.match(vpn, [
    { rd: '10.169.25.21:3', label: 28, nextHop: '10.169.25.21', routeTargets: ['64512:8000005'] },
  ]);
});
