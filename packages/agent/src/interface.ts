/** Interfaces (vifs): taps of pods and virtual machines, and the three every vRouter has of its own. */
import type { FloatingIp } from './floating-ip.ts';
import type { EncapNextHop } from './next-hop.ts';
import type { Vrf } from './vrf.ts';

export type InterfaceType = 'physical' | 'host' | 'agent' | 'virtual';

/** Index, name and type of the interfaces that are there before any workload. */
export const ownInterfaces = {
  fabric: { index: 0, type: 'physical' },
  vhost0: { index: 1, type: 'host' },
  pkt0: { index: 2, type: 'agent' },
} as const satisfies Record<string, { index: number; type: InterfaceType }>;

/** Index of the first interface of a workload, and the last one that a vRouter takes. */
export const FIRST_VIRTUAL_INDEX = 3;
export const LAST_INDEX = 65_535;

/** MAC of the vRouter as workloads see it (VRRP's), the source of every frame delivered to them. */
export const VROUTER_MAC = '00:00:5e:00:01:00';

/** How strongly a path is preferred where the workload is known to be alive; 100 is for before that and on standby. */
export const HIGH_PREFERENCE = 200;

const NO_FLOATING_IPS: readonly FloatingIp[] = [];

export interface InterfaceSettings {
  readonly index: number;
  readonly name: string;
  readonly type: InterfaceType;
  readonly vrf: Vrf;
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly preference: number;
  readonly sequence: number;
  readonly securityGroups: readonly number[];
  readonly communities: readonly string[];
  readonly tags: readonly number[];
}

export class Interface {
  readonly index: number;
  readonly name: string;
  readonly type: InterfaceType;
  readonly vrf: Vrf;
  /** Fixed IPv4 and IPv6 addresses; the first one of a family is what floating IPs of that family stand for. */
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly securityGroups: readonly number[];
  readonly communities: readonly string[];
  readonly tags: readonly number[];
  preference: number;
  /** Rises when the workload moves to this node, so that the newer place wins. */
  sequence: number;
  /** The MPLS label of pod address and floating IPs alike; undefined on the vRouter's own interfaces. */
  label: number | undefined;
  /** How routes and composites reach the interface. */
  nextHop: EncapNextHop | undefined;
  /** How packets with its label reach it: through the flow table. It also names the interface in flow keys. */
  policyNextHop: EncapNextHop | undefined;
  floatingIps: readonly FloatingIp[] = NO_FLOATING_IPS;
  /** Packets from the workload, to it, and those of it that were dropped. */
  readonly received = { packets: 0, octets: 0 };
  readonly sent = { packets: 0, octets: 0 };
  drops = 0;

  constructor(settings: InterfaceSettings) {
    this.index = settings.index;
    this.name = settings.name;
    this.type = settings.type;
    this.vrf = settings.vrf;
    this.addresses = settings.addresses;
    this.mac = settings.mac;
    this.preference = settings.preference;
    this.sequence = settings.sequence;
    this.securityGroups = settings.securityGroups;
    this.communities = settings.communities;
    this.tags = settings.tags;
  }

  /** The fixed address of the family of another address. */
  fixedAddress(like: string): string | undefined {
    const inet6 = like.includes(':');
    return this.addresses.find((address) => address.includes(':') === inet6);
  }

  /** Every address it has, fixed and floating, with the VRF in which it is published. */
  *places(): IterableIterator<{ readonly vrf: Vrf; readonly address: string }> {
    for (const address of this.addresses) yield { vrf: this.vrf, address };
    yield* this.floatingIps;
  }

  /** The floating IP with an address, in whichever VRF. */
  floatingIp(address: string): FloatingIp | undefined {
    return this.floatingIps.find((floatingIp) => floatingIp.address === address);
  }
}
