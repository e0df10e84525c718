// vrf-import and vrf-export of the gateway: what FRR told is let in, changed or rejected, and FRR has what was let out.
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { AS, entries, floatingIp, gatewayYaml, startGateway } from '../gateway-selection/two-copies.ts';

t.setTimeout(120_000);
const { missing } = { missing: undefined, ...findFrr() };
const POLICY = 'policy-options policy-statement';
const other = '101.101.102.7/32';

t.test('policies between FRR and a VRF', { skip: missing ?? false }, async (t) => {
  const block = new LoopbackBlock();
  const localAddress = block.take();
  const frr = await Frr.start({
    asn: AS,
    routerId: '10.169.25.10',
    address: block.take(),
    routeDistinguisher: '10.169.25.20:9',
    importTargets: ['500:500'],
    exported: { prefixes: [floatingIp, other], label: 40, nextHop: '10.169.25.20' },
    neighbors: [{ address: localAddress, asn: AS }],
  });
  t.teardown(() => frr.stop());
  const gateway = await startGateway(gatewayYaml([{ address: frr.address, localAddress }]));
  t.teardown(() => gateway.stop());
  const path = (prefix: string) => gateway.routes({ table: 'k8s-test.inet.0', prefix })[0]?.paths[0];
  await entries(gateway, (paths) => paths.length === 1);
  t.match(path(floatingIp), { localPref: 100 }, 'without a policy it comes as it is');

  for (const set of [
    'policy-options community k8s members target:500:500',
    'policy-options community gold members 60100:300',
    `${POLICY} in term fips from community k8s`,
    `${POLICY} in term fips from route-filter 101.101.101.0/24 orlonger`,
    `${POLICY} in term fips then local-preference 250`,
    `${POLICY} in term fips then community add gold`,
    `${POLICY} in term fips then accept`,
    `${POLICY} in term others then reject`,
    'routing-instances k8s-test vrf-import in',
  ])
    gateway.change({ set });
  await entries(gateway, ([first]) => first?.localPref === 250);
  t.match(path(floatingIp), {
    mark: '*',
    localPref: 250,
    junosCommunities: ['60100:300', 'target:500:500'],
  });
  const hidden = gateway.routes({ table: 'k8s-test.inet.0', prefix: other, hidden: true })[0]?.paths[0];
  t.match(hidden, { feasible: false, because: 'rejected by policy-statement in term others' });
  t.equal(path(other), undefined, 'what is rejected is hidden');

  gateway.change({ delete: `${POLICY} in term others` });
  t.match(gateway.routes({ table: 'k8s-test.inet.0', prefix: other, hidden: true })[0]?.paths[0], {
    because: 'no term of vrf-import in accepts it',
  });
  gateway.change({ set: `${POLICY} in term rest then accept` });
  await frr.process.answers(async () => (path(other)?.localPref === 100 ? true : undefined));

  t.match(await told(frr, '15.15.15.0/24'), { metric: undefined }, 'FRR has the network behind the gateway');
  for (const set of [
    `${POLICY} out term direct from protocol direct`,
    `${POLICY} out term direct then metric 77`,
    `${POLICY} out term direct then community add k8s`,
    `${POLICY} out term direct then community add gold`,
    `${POLICY} out term direct then as-path-prepend "65001 65002"`,
    `${POLICY} out term direct then accept`,
    'routing-instances k8s-test routing-options static route 16.16.0.0/16 next-hop 15.15.15.2',
    'routing-instances k8s-test vrf-export out',
  ])
    gateway.change({ set });
  const changed = await frr.process.answers(async () => {
    const one = await told(frr, '15.15.15.0/24');
    return one?.metric === 77 ? one : undefined;
  });
  t.match(changed, {
    aspath: { string: '65001 65002' },
    community: { string: '60100:300' },
    extendedCommunity: { string: 'RT:500:500' },
  });
  t.equal(await told(frr, '16.16.0.0/16'), undefined, 'no term lets the static route out');
  t.match(
    gateway.routes({ table: 'bgp.l3vpn.0', prefix: '192.168.0.204:500:16.16.0.0/16', hidden: true })[0]
      ?.paths,
    [{ feasible: false }],
    'it stays, hidden, in bgp.l3vpn.0',
  );
  gateway.change({ delete: 'routing-instances k8s-test vrf-export out' });
  await frr.process.answers(async () => ((await told(frr, '16.16.0.0/16')) === undefined ? undefined : true));
  t.equal((await told(frr, '15.15.15.0/24'))?.metric, undefined, 'without the policy all goes out as before');
});

interface FrrPath {
  readonly metric?: number;
  readonly aspath?: { readonly string: string };
  readonly community?: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
}

/** What FRR has of a prefix from the gateway. */
async function told(frr: Frr, prefix: string): Promise<FrrPath | undefined> {
  const answer = (await frr.json(`show bgp ipv4 vpn ${prefix}`)) as Record<string, { paths?: FrrPath[] }> & {
    paths?: FrrPath[];
  };
  return (answer.paths ?? answer['192.168.0.204:500']?.paths)?.[0];
}
