/** The interfaces of a node and the floating IPs on them. What is added is published, what goes is withdrawn. */
import { ipv4Bytes, macText, parseIpv4, parsePrefix } from '@vaportrail/net';
import { AgentError } from './agent-error.ts';
import type { FloatingIpConfig, InterfaceConfig } from './config.ts';
import { floatingIpProblem } from './contradictions.ts';
import type { FloatingIp } from './floating-ip.ts';
import { IndexVector } from './index-vector.ts';
import {
  FIRST_VIRTUAL_INDEX,
  HIGH_PREFERENCE,
  Interface,
  type InterfaceSettings,
  LAST_INDEX,
  ownInterfaces,
} from './interface.ts';
import type { LocalRoutes } from './local-routes.ts';
import type { MplsTable } from './mpls.ts';
import type { NextHopTable } from './next-hop.ts';
import { type Vrf, hostPrefix } from './vrf.ts';
import type { VrfTable } from './vrf-table.ts';

/** What the table needs of its node. */
export interface InterfaceTableSettings {
  /** The node's own address and MAC. */
  readonly address: string;
  readonly mac: string;
  readonly nextHops: NextHopTable;
  readonly labels: MplsTable;
  readonly vrfs: VrfTable;
  readonly localRoutes: LocalRoutes;
  /** An interface is gone, and its label means nothing any more. */
  readonly removed: (gone: Interface, label: number) => void;
}

/** One for an agent: its own interfaces from the start, those of workloads as they come and go. */
export class InterfaceTable {
  readonly #settings: InterfaceTableSettings;
  readonly #byName = new Map<string, Interface>();
  readonly #indexes = new IndexVector(FIRST_VIRTUAL_INDEX, LAST_INDEX);

  constructor(settings: InterfaceTableSettings) {
    this.#settings = settings;
    this.#addOwn();
  }

  /** The node's own first, then in the order in which they came. */
  [Symbol.iterator](): IterableIterator<Interface> {
    return this.#byName.values();
  }

  /** The interface of a name, the node's own included. */
  get(name: string): Interface | undefined {
    return this.#byName.get(name);
  }

  /** The interface of a workload. @throws AgentError when there is none of that name */
  workload(name: string): Interface {
    const found = this.#byName.get(name);
    if (found?.label === undefined) throw new AgentError(`there is no interface ${name}`);
    return found;
  }

  /** Adds the interface of a workload. @throws AgentError when its name, label or index is taken, or a floating IP does not fit */
  add(config: InterfaceConfig): Interface {
    const { nextHops, labels, vrfs, localRoutes } = this.#settings;
    if (this.#byName.has(config.name)) throw new AgentError(`${config.name} is there already`);
    if (config.label !== undefined && labels.get(config.label) !== undefined) {
      throw new AgentError(`label ${config.label} of ${config.name} is in use`);
    }
    if (config.index !== undefined && this.#indexes.has(config.index)) {
      throw new AgentError(`index ${config.index} of ${config.name} is in use`);
    }
    for (const floatingIp of config['floating-ips']) refuseUnfit(config, floatingIp);
    const added = this.#newInterface({
      index: config.index === undefined ? this.#indexes.allocate() : this.#indexes.reserve(config.index),
      name: config.name,
      type: 'virtual',
      vrf: vrfs.use(config.vrf),
      addresses: config.address,
      mac: config.mac ?? defaultMac(config.address[0]!),
      preference: config.preference,
      sequence: config.sequence,
      securityGroups: shared(config['security-groups']),
      communities: shared(config.communities),
      tags: shared(config.tags),
    });
    this.#byName.set(added.name, added);
    added.nextHop = nextHops.addEncap(added, false);
    added.policyNextHop = nextHops.addEncap(added, true);
    added.label = labels.acquire(added.policyNextHop, config.label);
    for (const address of added.addresses) localRoutes.add(added.vrf, address, added);
    for (const floatingIp of config['floating-ips']) this.#addFloatingIp(added, floatingIp);
    return added;
  }

  /** Withdraws floating addresses first, then fixed ones. Tells whether the interface was there. */
  remove(name: string): boolean {
    const { nextHops, labels, vrfs, localRoutes, removed } = this.#settings;
    const gone = this.#byName.get(name);
    if (gone?.label === undefined) return false;
    for (const floatingIp of gone.floatingIps.toReversed()) this.removeFloatingIp(gone, floatingIp);
    for (const address of gone.addresses) localRoutes.remove(gone.vrf, address, gone);
    this.#byName.delete(name);
    labels.release(gone.label);
    removed(gone, gone.label);
    nextHops.release(gone.policyNextHop!);
    nextHops.release(gone.nextHop!);
    this.#indexes.release(gone.index);
    vrfs.leave(gone.vrf);
    return true;
  }

  /** @throws AgentError when the interface has it already, or has no address of its family */
  addFloatingIp(to: Interface, config: FloatingIpConfig): FloatingIp {
    refuseUnfit({ name: to.name, address: to.addresses }, config);
    if (findFloatingIp(to, config) !== undefined) {
      throw new AgentError(`${to.name} has ${config.address} in ${config.vrf} already`);
    }
    return this.#addFloatingIp(to, config);
  }

  /** Gives a floating IP another direction or other port maps. @throws AgentError when the interface does not have it */
  changeFloatingIp(of: Interface, config: FloatingIpConfig): FloatingIp {
    refuseUnfit({ name: of.name, address: of.addresses }, config);
    const present = findFloatingIp(of, config);
    if (present === undefined) throw new AgentError(`${of.name} has no ${config.address} in ${config.vrf}`);
    const changed = floatingIpOf(of, present.vrf, config);
    of.floatingIps = of.floatingIps.with(of.floatingIps.indexOf(present), changed);
    return changed;
  }

  /** Withdraws a floating IP and takes it away. */
  removeFloatingIp(from: Interface, floatingIp: FloatingIp): void {
    from.floatingIps = from.floatingIps.filter((kept) => kept !== floatingIp);
    this.#settings.localRoutes.remove(floatingIp.vrf, floatingIp.address, from);
    this.#settings.vrfs.leave(floatingIp.vrf);
  }

  /** Takes an address from a workload's interface, in one VRF or in every one. Tells whether it was there. */
  removeFloatingIps(name: string, address: string, vrf: string | undefined): boolean {
    const from = this.workload(name);
    const gone = from.floatingIps.filter(
      (floatingIp) => floatingIp.address === address && (vrf === undefined || floatingIp.vrf.name === vrf),
    );
    for (const floatingIp of gone) this.removeFloatingIp(from, floatingIp);
    return gone.length > 0;
  }

  /** Prefers the addresses of a workload's interface, with a sequence number above every one heard of. */
  takeOver(name: string): void {
    const mover = this.workload(name);
    let { sequence } = mover;
    for (const address of mover.addresses) {
      const route = mover.vrf.table(address).get(hostPrefix(address));
      for (const path of route?.paths ?? []) sequence = Math.max(sequence, path.sequence);
    }
    this.setPreference(mover, HIGH_PREFERENCE, sequence + 1);
  }

  /** Publishes the addresses of an interface with another preference; 200 is active, 100 standby. */
  setPreference(changed: Interface, preference: number, sequence: number): void {
    if (changed.preference === preference && changed.sequence === sequence) return;
    changed.preference = preference;
    changed.sequence = sequence;
    this.#settings.localRoutes.refresh(changed);
  }

  /**
   * Makes the interfaces be those of a configuration; of the others, those in `configured` go. What did not change
   * stays untouched.
   */
  reconcile(wanted: readonly InterfaceConfig[], configured: Iterable<string>): void {
    const targets = new Map(wanted.map((target) => [target.name, target]));
    for (const name of configured) {
      const present = this.#byName.get(name);
      const target = targets.get(name);
      if (present !== undefined && (target === undefined || !isSame(present, target))) this.remove(name);
    }
    for (const target of wanted) {
      const present = this.#byName.get(target.name);
      if (present === undefined) this.add(target);
      else this.#adjust(present, target);
    }
  }

  /** What is new comes before the old goes, so that no VRF is left and joined again. */
  #adjust(present: Interface, target: InterfaceConfig): void {
    const wanted = target['floating-ips'];
    for (const config of wanted) {
      if (findFloatingIp(present, config) === undefined) this.addFloatingIp(present, config);
      else this.changeFloatingIp(present, config);
    }
    for (const floatingIp of present.floatingIps) {
      const { address, vrf } = floatingIp;
      const kept = wanted.some((config) => config.address === address && config.vrf === vrf.name);
      if (!kept) this.removeFloatingIp(present, floatingIp);
    }
    this.setPreference(present, target.preference, Math.max(present.sequence, target.sequence));
  }

  #addFloatingIp(to: Interface, config: FloatingIpConfig): FloatingIp {
    const { vrfs, localRoutes } = this.#settings;
    const floatingIp = floatingIpOf(to, vrfs.use(config.vrf), config);
    to.floatingIps = [...to.floatingIps, floatingIp];
    localRoutes.add(floatingIp.vrf, floatingIp.address, to);
    return floatingIp;
  }

  #addOwn(): void {
    const { address, nextHops, vrfs } = this.#settings;
    const vrf = vrfs.fabric;
    for (const [name, { index, type }] of Object.entries(ownInterfaces)) {
      const addresses = type === 'agent' ? [] : [address];
      this.#byName.set(name, this.#newInterface({ name, index, type, vrf, addresses }));
    }
    const host = nextHops.acquire({ type: 'receive', interface: this.#byName.get('vhost0')! });
    vrfs.addOwnRoute(vrf, hostPrefix(address), host);
  }

  #newInterface(
    settings: Pick<InterfaceSettings, 'index' | 'name' | 'type' | 'vrf' | 'addresses'> &
      Partial<InterfaceSettings>,
  ): Interface {
    return new Interface({
      mac: this.#settings.mac,
      preference: HIGH_PREFERENCE,
      sequence: 0,
      securityGroups: NONE,
      communities: NONE,
      tags: NONE,
      ...settings,
    });
  }
}

/** One empty list for all: there are many interfaces, and few lists on them. */
const NONE: readonly never[] = [];

function shared<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list;
}

/** A locally administered MAC made from an address. */
export function defaultMac(address: string): string {
  if (!address.includes(':')) return macText(Uint8Array.of(0x02, 0x00, ...ipv4Bytes(parseIpv4(address))));
  return macText(Uint8Array.of(0x06, ...parsePrefix(address).bytes.subarray(11)));
}

function refuseUnfit(
  to: { readonly name: string; readonly address: readonly string[] },
  floatingIp: FloatingIpConfig,
): void {
  const problem = floatingIpProblem(to, floatingIp);
  if (problem === undefined) return;
  throw new AgentError(`floating IP ${floatingIp.address} of ${to.name}: ${problem.because}`);
}

function findFloatingIp(of: Interface, { address, vrf }: FloatingIpConfig): FloatingIp | undefined {
  return of.floatingIps.find((present) => present.address === address && present.vrf.name === vrf);
}

function floatingIpOf(of: Interface, vrf: Vrf, config: FloatingIpConfig): FloatingIp {
  const { address, direction, 'port-maps': maps, 'fixed-ip': fixedIp } = config;
  return {
    address,
    vrf,
    direction,
    portMaps: maps.map(({ protocol, port, 'nat-port': natPort }) => ({ protocol, port, natPort })),
    fixedIp: fixedIp ?? of.fixedAddress(address)!,
  };
}

function isSame(present: Interface, target: InterfaceConfig): boolean {
  const same = (ours: readonly unknown[], theirs: readonly unknown[]): boolean =>
    ours.join() === theirs.join();
  return (
    present.vrf.name === target.vrf &&
    same(present.addresses, target.address) &&
    present.label === (target.label ?? present.label) &&
    present.index === (target.index ?? present.index) &&
    present.mac === (target.mac ?? present.mac) &&
    same(present.securityGroups, target['security-groups']) &&
    same(present.communities, target.communities) &&
    same(present.tags, target.tags)
  );
}
