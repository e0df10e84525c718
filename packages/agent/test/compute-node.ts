/** Pieces of a compute node for tests. */
import { parseAddress, parsePrefix } from '@vaportrail/net';
import {
  itemAttributes,
  nextHop,
  type ItemAttributes,
  type NextHop,
  type UnicastItem,
} from '@vaportrail/xmpp';
import { HIGH_PREFERENCE, Interface } from '../src/interface.ts';
import { Vrf } from '../src/vrf.ts';

export const POD_VRF = 'default-domain:demo:pods:pods';
export const SERVICE_VRF = 'default-domain:demo:services:services';
export const PUBLIC_VRF = 'default-domain:demo:public:public';

/** An interface that is in no table. */
export function interfaceOf(name: string, index = 3): Interface {
  return new Interface({
    index,
    name,
    type: 'virtual',
    vrf: new Vrf(POD_VRF, 1, 'default-domain:demo:pods'),
    addresses: ['10.47.255.236'],
    mac: '02:00:00:00:00:01',
    preference: HIGH_PREFERENCE,
    sequence: 0,
    securityGroups: [],
    communities: [],
    tags: [],
  });
}

/** A next hop as a control node sends it: `10.169.25.21 label 28`. */
export function hop(
  address: string,
  label: number,
  encapsulations: readonly string[] = ['gre', 'udp'],
): NextHop {
  return nextHop({
    address: parseAddress(address),
    label,
    encapsulations,
    virtualNetwork: 'default-domain:demo:pods',
  });
}

/** A route as a control node sends it. */
export function item(prefix: string, nextHops: NextHop[], more: Partial<ItemAttributes> = {}): UnicastItem {
  return {
    family: prefix.includes(':') ? 'inet6' : 'inet',
    prefix: parsePrefix(prefix),
    attributes: itemAttributes({
      nextHops,
      virtualNetwork: 'default-domain:demo:pods',
      localPref: 200,
      med: 100,
      ...more,
    }),
  };
}
