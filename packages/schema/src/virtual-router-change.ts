/** The steps by which a compute node comes from what it has to what it is to have. */
import { isDeepStrictEqual } from 'node:util';
import type { LoadBalancerSettings } from './loadbalancer/load-balancer-settings.ts';
import type {
  FloatingIpSettings,
  InterfaceSettings,
  VirtualRouterSettings,
  VrfSettings,
} from './virtual-router-settings.ts';

/** One step. */
export type VirtualRouterChange =
  | { readonly type: 'add-vrf'; readonly vrf: VrfSettings }
  | { readonly type: 'remove-vrf'; readonly name: string }
  | { readonly type: 'add-interface'; readonly interface: InterfaceSettings }
  | { readonly type: 'remove-interface'; readonly name: string }
  | { readonly type: 'set-load-balancer'; readonly 'load-balancer': LoadBalancerSettings }
  | { readonly type: 'remove-load-balancer'; readonly uuid: string }
  | { readonly type: 'set-preference'; readonly name: string; readonly preference: number }
  | {
      readonly type: 'add-floating-ip' | 'change-floating-ip';
      readonly interface: string;
      readonly floatingIp: FloatingIpSettings;
    }
  | {
      readonly type: 'remove-floating-ip';
      readonly interface: string;
      readonly address: string;
      readonly vrf: string;
    };

/** What is on a node. */
type NodeContents = Pick<VirtualRouterSettings, 'vrfs' | 'interfaces' | 'load-balancers'>;

/**
 * The steps from one state to another, in an order in which each is possible: VRFs come first and go last, what goes
 * goes before anything comes, and an interface comes with its floating IPs.
 */
export function settingsChanges(
  before: NodeContents | undefined,
  after: NodeContents | undefined,
): VirtualRouterChange[] {
  const had = new Map((before?.interfaces ?? []).map((one) => [one.name, one]));
  const has = new Map((after?.interfaces ?? []).map((one) => [one.name, one]));
  const hadVrfs = new Map((before?.vrfs ?? []).map((vrf) => [vrf.name, vrf]));
  const hasVrfs = new Map((after?.vrfs ?? []).map((vrf) => [vrf.name, vrf]));
  const going: VirtualRouterChange[] = [];
  const coming: VirtualRouterChange[] = [];
  for (const [name, old] of had) {
    const now = has.get(name);
    if (now === undefined || !isSameInterface(old, now)) going.push({ type: 'remove-interface', name });
    else if (now !== old) {
      if (now.preference !== old.preference)
        coming.push({ type: 'set-preference', name, preference: now.preference });
      const steps = floatingIpChanges(old, now);
      going.push(...steps.filter(({ type }) => type === 'remove-floating-ip'));
      coming.push(...steps.filter(({ type }) => type !== 'remove-floating-ip'));
    }
  }
  for (const [name, now] of has) {
    const old = had.get(name);
    if (old === undefined || !isSameInterface(old, now))
      coming.push({ type: 'add-interface', interface: now });
  }
  const balancers = (contents: NodeContents | undefined) =>
    new Map((contents?.['load-balancers'] ?? []).map((one) => [one.uuid, one]));
  const hadBalancers = balancers(before);
  const hasBalancers = balancers(after);
  for (const uuid of hadBalancers.keys())
    if (!hasBalancers.has(uuid)) going.push({ type: 'remove-load-balancer', uuid });
  for (const [uuid, balancer] of hasBalancers)
    if (!isDeepStrictEqual(balancer, hadBalancers.get(uuid)))
      coming.push({ type: 'set-load-balancer', 'load-balancer': balancer });
  return [
    ...[...hasVrfs.values()]
      .filter((vrf) => !isDeepStrictEqual(vrf, hadVrfs.get(vrf.name)))
      .map((vrf): VirtualRouterChange => ({ type: 'add-vrf', vrf })),
    ...going,
    ...coming,
    ...[...hadVrfs.keys()]
      .filter((name) => !hasVrfs.has(name))
      .map((name): VirtualRouterChange => ({ type: 'remove-vrf', name })),
  ];
}

/** Whether it can stay as it is while its floating IPs and its preference change. */
function isSameInterface(a: InterfaceSettings, b: InterfaceSettings): boolean {
  if (a === b) return true;
  const bare = { 'floating-ips': [], preference: 0 };
  return isDeepStrictEqual({ ...a, ...bare }, { ...b, ...bare });
}

function floatingIpChanges(before: InterfaceSettings, after: InterfaceSettings): VirtualRouterChange[] {
  const key = ({ address, vrf }: FloatingIpSettings): string => `${address} ${vrf}`;
  const had = new Map(before['floating-ips'].map((one) => [key(one), one]));
  const has = new Map(after['floating-ips'].map((one) => [key(one), one]));
  const { name } = after;
  const gone = [...had].filter(([at]) => !has.has(at));
  return [
    ...gone.map(([, { address, vrf }]): VirtualRouterChange => ({
      type: 'remove-floating-ip',
      interface: name,
      address,
      vrf,
    })),
    ...[...has].flatMap(([at, floatingIp]): VirtualRouterChange[] => {
      const old = had.get(at);
      if (old !== undefined && isDeepStrictEqual(old, floatingIp)) return [];
      return [
        { type: old === undefined ? 'add-floating-ip' : 'change-floating-ip', interface: name, floatingIp },
      ];
    }),
  ];
}
