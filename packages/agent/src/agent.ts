/**
 * One compute node: its interfaces and floating IPs, the routes it publishes, and the forwarding tables made from what
 * control nodes say. Everything can be changed while it runs; each change is published or withdrawn on its own.
 */
import {
  type Clock,
  ipv4Bytes,
  macText,
  parseIpv4,
  parseMac,
  parsePrefix,
  prefixText,
  systemClock,
} from '@vaportrail/net';
import { type Log, silentLog } from '@vaportrail/show';
import type { Stanza, UnicastItem } from '@vaportrail/xmpp';
import { AgentError } from './agent-error.ts';
import {
  type AgentConfig,
  type AgentConfigInput,
  CONTROL_NODES_IN_USE,
  type FloatingIpConfig,
  type FloatingIpConfigInput,
  type InterfaceConfig,
  type InterfaceConfigInput,
  type VrfConfigInput,
  agentConfig,
  floatingIpConfig,
  floatingIpProblem,
  interfaceConfig,
  vrfConfig,
} from './config.ts';
import { ControlNodePeer, type PeerListener } from './control-node-peer.ts';
import { FlowTable, type Packet, type Verdict } from './flow.ts';
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
import { LearnedRoutes } from './learned-routes.ts';
import { LocalRoutes, type LocalRoute } from './local-routes.ts';
import { MplsTable } from './mpls.ts';
import { NextHopTable } from './next-hop.ts';
import { type PublishingNode, offeredEncapsulations, publishedItem } from './published-item.ts';
import type { Route } from './route.ts';
import { type Vrf, hostPrefix } from './vrf.ts';
import { VrfTable } from './vrf-table.ts';

export interface AgentOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Called when a session comes up, is in sync, or goes down. */
  readonly onSession?: (peer: ControlNodePeer) => void;
}

export class Agent {
  readonly name: string;
  /** The node's own address, the next hop of all it publishes. */
  readonly address: string;
  readonly mac: string;
  readonly clock: Clock;
  readonly nextHops = new NextHopTable();
  readonly labels = new MplsTable(this.nextHops);
  readonly flows = new FlowTable();
  readonly vrfs: VrfTable;
  readonly localRoutes: LocalRoutes;
  /** Every configured control node, in order; the first two are in use, the others are spares. */
  readonly peers: readonly ControlNodePeer[];
  readonly #log: Log;
  readonly #onSession: ((peer: ControlNodePeer) => void) | undefined;
  readonly #publishing: PublishingNode;
  readonly #interfaces = new Map<string, Interface>();
  readonly #indexes = new IndexVector(FIRST_VIRTUAL_INDEX, LAST_INDEX);
  readonly #learnedRoutes: LearnedRoutes;
  config: AgentConfig;
  startedAt: number | undefined;

  /** @throws AgentError when two parts of the configuration contradict each other */
  constructor(config: AgentConfig, options: AgentOptions = {}) {
    this.config = config;
    this.name = config.name;
    this.address = config.address;
    this.mac = config.mac ?? defaultMac(config.address);
    this.clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#onSession = options.onSession;
    const priority = config['encapsulation-priority'];
    const address = ipv4Bytes(parseIpv4(config.address));
    this.#publishing = { address, mac: parseMac(this.mac), encapsulations: offeredEncapsulations(priority) };
    this.#learnedRoutes = new LearnedRoutes({
      address,
      encapsulationPriority: priority,
      nextHops: this.nextHops,
      labels: this.labels,
    });
    this.localRoutes = new LocalRoutes(this.nextHops, this.labels, {
      announce: (route) => this.#announce(route),
      withdraw: (route) => this.#withdraw(route),
      labelFreed: (label) => this.#learnedRoutes.labelFreed(label, this.vrfs),
    });
    const listener = this.#peerListener();
    this.peers = config['control-nodes'].map(
      (server, rank) =>
        new ControlNodePeer(
          rank,
          {
            agent: config.name,
            server,
            localAddress: config['local-address'],
            holdTime: config['hold-time'],
            staleTime: config['stale-time'],
            endOfRibTimeout: config['end-of-rib-timeout'],
            clock: this.clock,
          },
          listener,
        ),
    );
    this.vrfs = new VrfTable(this.nextHops, {
      joined: (vrf) => this.peers.forEach((peer) => peer.subscribe(vrf)),
      left: (vrf) => this.peers.forEach((peer) => peer.unsubscribe(vrf)),
    });
    this.#addOwnInterfaces();
    for (const vrf of config.vrfs) this.vrfs.declare(vrf);
    for (const one of config.interfaces) this.#addInterface(one);
  }

  /** An agent from settings as a file or a program writes them. @throws ZodError when they are not valid */
  static from(config: AgentConfigInput, options?: AgentOptions): Agent {
    return new Agent(agentConfig.parse(config), options);
  }

  /** Begins to connect. Sessions come up by themselves and return after they were lost. */
  start(): Promise<void> {
    this.startedAt = this.clock.now();
    for (const peer of this.peers.slice(0, CONTROL_NODES_IN_USE)) peer.start();
    return Promise.resolve();
  }

  /** Ends every session. The control nodes withdraw what this node published, or keep it for its graceful restart. */
  stop(): Promise<void> {
    for (const peer of this.peers) peer.close();
    return Promise.resolve();
  }

  get interfaces(): IterableIterator<Interface> {
    return this.#interfaces.values();
  }

  interface(name: string): Interface | undefined {
    return this.#interfaces.get(name);
  }

  /** The route of a prefix in a VRF. @throws RangeError when the text is no prefix */
  route(vrf: string, prefix: string): Route | undefined {
    const canonical = prefixText(parsePrefix(prefix));
    return this.vrfs.get(vrf)?.table(canonical).get(canonical);
  }

  /** The longest match for an address in a VRF. @throws RangeError when the text is no address */
  lookup(vrf: string, address: string): Route | undefined {
    return this.vrfs.get(vrf)?.lookup(address);
  }

  /**
   * Subscribes to a VRF; one that is there because of an interface becomes permanent.
   * @throws AgentError when the instance id is taken or the VRF has another one
   */
  subscribe(settings: VrfConfigInput): Vrf {
    return this.vrfs.declare(vrfConfig.parse(settings));
  }

  /** Unsubscribes from a VRF. @throws AgentError when interfaces or floating IPs are in it, or it is the underlay */
  unsubscribe(name: string): void {
    const vrf = this.vrfs.get(name);
    if (vrf === undefined) return;
    if (vrf === this.vrfs.fabric) throw new AgentError('the underlay cannot be left');
    if (vrf.users > 0) throw new AgentError(`${vrf.users} interfaces or floating IPs are in ${name}`);
    this.vrfs.undeclare(vrf);
  }

  /**
   * Adds an interface with its floating IPs and publishes their addresses.
   * @throws AgentError when its name, label or index is taken, or a floating IP does not fit
   */
  addInterface(settings: InterfaceConfigInput): Interface {
    return this.#addInterface(interfaceConfig.parse(settings));
  }

  /** Withdraws the addresses of an interface, floating ones first, and takes it away. Tells whether it was there. */
  removeInterface(name: string): boolean {
    const gone = this.#interfaces.get(name);
    if (gone?.label === undefined) return false;
    for (const floatingIp of [...gone.floatingIps].reverse()) this.#removeFloatingIp(gone, floatingIp);
    for (const address of gone.addresses) this.localRoutes.remove(gone.vrf, address, gone);
    this.#interfaces.delete(name);
    this.flows.deleteInterface(gone);
    if (this.labels.release(gone.label)) this.#learnedRoutes.labelFreed(gone.label, this.vrfs);
    this.nextHops.release(gone.policyNextHop!);
    this.nextHops.release(gone.nextHop!);
    this.#indexes.release(gone.index);
    this.vrfs.leave(gone.vrf);
    return true;
  }

  /** Gives an interface a floating IP and publishes it. @throws AgentError when the interface is not there or has it */
  addFloatingIp(interfaceName: string, settings: FloatingIpConfigInput): FloatingIp {
    const to = this.#workload(interfaceName);
    const config = floatingIpConfig.parse(settings);
    checkFloatingIp({ name: to.name, address: to.addresses }, config);
    if (findFloatingIp(to, config) !== undefined) {
      throw new AgentError(`${to.name} has ${config.address} in ${config.vrf} already`);
    }
    return this.#addFloatingIp(to, config);
  }

  /**
   * Gives a floating IP another direction or other port maps, without withdrawing it.
   * @throws AgentError when the interface does not have it
   */
  changeFloatingIp(interfaceName: string, settings: FloatingIpConfigInput): FloatingIp {
    const of = this.#workload(interfaceName);
    const config = floatingIpConfig.parse(settings);
    checkFloatingIp({ name: of.name, address: of.addresses }, config);
    const present = findFloatingIp(of, config);
    if (present === undefined) throw new AgentError(`${of.name} has no ${config.address} in ${config.vrf}`);
    return this.#changeFloatingIp(of, present, config);
  }

  /** Withdraws a floating IP of an interface, in one VRF or in every one. Tells whether there was any. */
  removeFloatingIp(interfaceName: string, address: string, vrf?: string): boolean {
    const from = this.#workload(interfaceName);
    const gone = from.floatingIps.filter(
      (floatingIp) => floatingIp.address === address && (vrf === undefined || floatingIp.vrf.name === vrf),
    );
    for (const floatingIp of gone) this.#removeFloatingIp(from, floatingIp);
    return gone.length > 0;
  }

  /** Makes an interface active (200), standby (100) or anything else, and publishes its addresses anew. */
  setPreference(interfaceName: string, preference: number, sequence?: number): void {
    const changed = this.#workload(interfaceName);
    if (changed.preference === preference && (sequence ?? changed.sequence) === changed.sequence) return;
    changed.preference = preference;
    if (sequence !== undefined) changed.sequence = sequence;
    this.localRoutes.refresh(changed);
  }

  /**
   * The workload of an interface has come to life here, e.g. after it moved: its addresses are preferred, with a
   * sequence number above every one heard of.
   */
  takeOver(interfaceName: string): void {
    const mover = this.#workload(interfaceName);
    let sequence = mover.sequence;
    for (const address of mover.addresses) {
      const route = mover.vrf.table(address).get(hostPrefix(address));
      for (const path of route?.paths ?? []) sequence = Math.max(sequence, path.sequence);
    }
    this.setPreference(interfaceName, HIGH_PREFERENCE, sequence + 1);
  }

  /** A packet leaves a workload of this node. @throws AgentError when there is no such interface */
  send(interfaceName: string, packet: Packet): Verdict {
    return this.flows.process(packet, { interface: this.#workload(interfaceName) });
  }

  /** A packet arrives by tunnel with a label. */
  receive(tunnelSource: string, label: number, packet: Packet): Verdict {
    const nextHop = this.labels.get(label);
    if (nextHop === undefined)
      return { action: 'drop', because: 'SHORT_UNAVAILABLE_INTERFACE', flow: undefined };
    return this.flows.process(packet, { tunnelSource, nextHop });
  }

  /**
   * Makes the agent be what another configuration says: VRFs, interfaces and floating IPs come and go, what did not
   * change stays untouched.
   * @throws AgentError when the node itself or its control nodes would change
   */
  reload(config: AgentConfig): void {
    const { vrfs, interfaces, neighbors, ...node } = this.config;
    for (const key of Object.keys(node) as (keyof typeof node)[]) {
      if (JSON.stringify(config[key]) !== JSON.stringify(node[key])) {
        throw new AgentError(`${key} cannot change while the agent runs`);
      }
    }
    this.config = config;
    const wanted = new Map(config.interfaces.map((one) => [one.name, one]));
    for (const { name } of interfaces) {
      const present = this.#interfaces.get(name);
      const target = wanted.get(name);
      if (present !== undefined && (target === undefined || !isSameInterface(present, target))) {
        this.removeInterface(name);
      }
    }
    for (const vrf of config.vrfs) this.vrfs.declare(vrf);
    for (const target of wanted.values()) {
      const present = this.#interfaces.get(target.name);
      if (present === undefined) this.#addInterface(target);
      else this.#adjust(present, target);
    }
    for (const { name } of vrfs) {
      const vrf = this.vrfs.get(name);
      if (vrf !== undefined && !config.vrfs.some((kept) => kept.name === name)) this.vrfs.undeclare(vrf);
    }
  }

  /** What is new comes before the old goes, so that no VRF is left and joined again. */
  #adjust(present: Interface, target: InterfaceConfig): void {
    const wanted = target['floating-ips'];
    for (const settings of wanted) {
      const known = findFloatingIp(present, settings);
      if (known === undefined) this.#addFloatingIp(present, settings);
      else this.#changeFloatingIp(present, known, settings);
    }
    for (const floatingIp of [...present.floatingIps]) {
      const { address, vrf } = floatingIp;
      if (!wanted.some((settings) => settings.address === address && settings.vrf === vrf.name)) {
        this.#removeFloatingIp(present, floatingIp);
      }
    }
    this.setPreference(present.name, target.preference);
  }

  #workload(name: string): Interface {
    const found = this.#interfaces.get(name);
    if (found?.label === undefined) throw new AgentError(`there is no interface ${name}`);
    return found;
  }

  #addOwnInterfaces(): void {
    const vrf = this.vrfs.fabric;
    for (const [name, { index, type }] of Object.entries(ownInterfaces)) {
      const addresses = type === 'agent' ? [] : [this.address];
      this.#interfaces.set(name, this.#newInterface({ name, index, type, vrf, addresses }));
    }
    const host = this.nextHops.acquire({ type: 'receive', interface: this.#interfaces.get('vhost0')! });
    this.vrfs.addOwnRoute(vrf, hostPrefix(this.address), host);
  }

  #addInterface(config: InterfaceConfig): Interface {
    if (this.#interfaces.has(config.name)) throw new AgentError(`${config.name} is there already`);
    if (config.label !== undefined && this.labels.get(config.label) !== undefined) {
      throw new AgentError(`label ${config.label} of ${config.name} is in use`);
    }
    if (config.index !== undefined && this.#indexes.has(config.index)) {
      throw new AgentError(`index ${config.index} of ${config.name} is in use`);
    }
    for (const floatingIp of config['floating-ips']) checkFloatingIp(config, floatingIp);
    const vrf = this.vrfs.use(config.vrf);
    const added = this.#newInterface({
      index: config.index === undefined ? this.#indexes.allocate() : this.#indexes.reserve(config.index),
      name: config.name,
      type: 'virtual',
      vrf,
      addresses: config.address,
      mac: config.mac ?? defaultMac(config.address[0]!),
      preference: config.preference,
      sequence: config.sequence,
      securityGroups: config['security-groups'],
      communities: config.communities,
      tags: config.tags,
    });
    this.#interfaces.set(added.name, added);
    added.nextHop = this.nextHops.acquire({ type: 'encap', interface: added, policy: false });
    added.policyNextHop = this.nextHops.acquire({ type: 'encap', interface: added, policy: true });
    added.label = this.labels.acquire(added.policyNextHop, config.label);
    for (const address of added.addresses) this.localRoutes.add(vrf, address, added);
    for (const floatingIp of config['floating-ips']) this.#addFloatingIp(added, floatingIp);
    return added;
  }

  #newInterface(
    settings: Pick<InterfaceSettings, 'index' | 'name' | 'type' | 'vrf' | 'addresses'> &
      Partial<InterfaceSettings>,
  ): Interface {
    return new Interface({
      mac: this.mac,
      preference: HIGH_PREFERENCE,
      sequence: 0,
      securityGroups: [],
      communities: [],
      tags: [],
      ...settings,
    });
  }

  #addFloatingIp(to: Interface, config: FloatingIpConfig): FloatingIp {
    const vrf = this.vrfs.use(config.vrf);
    const floatingIp = floatingIpOf(to, vrf, config);
    to.floatingIps.push(floatingIp);
    this.localRoutes.add(vrf, floatingIp.address, to);
    return floatingIp;
  }

  #changeFloatingIp(of: Interface, present: FloatingIp, config: FloatingIpConfig): FloatingIp {
    const changed = floatingIpOf(of, present.vrf, config);
    of.floatingIps[of.floatingIps.indexOf(present)] = changed;
    return changed;
  }

  #removeFloatingIp(from: Interface, floatingIp: FloatingIp): void {
    from.floatingIps.splice(from.floatingIps.indexOf(floatingIp), 1);
    this.localRoutes.remove(floatingIp.vrf, floatingIp.address, from);
    this.vrfs.leave(floatingIp.vrf);
  }

  #announce(route: LocalRoute): void {
    const item = publishedItem(this.#publishing, route);
    for (const peer of this.peers) peer.announce(route.vrf, item);
  }

  #withdraw(route: LocalRoute): void {
    const item = publishedItem(this.#publishing, route);
    for (const peer of this.peers) peer.withdraw(route.vrf, item);
  }

  #peerListener(): PeerListener {
    return {
      subscriptions: () => this.vrfs.inOrder(),
      publications: (vrf) => this.#publications(vrf),
      receive: (peer, stanza) => this.#receive(peer, stanza),
      othersInSync: (peer) => this.peers.some((other) => other !== peer && other.inSync),
      markStale: (peer) => void this.#learnedRoutes.markStale(peer, this.vrfs),
      sweep: (peer, generation) => {
        const swept = this.#learnedRoutes.sweep(peer, this.vrfs, generation);
        if (swept > 0) this.#log.info({ peer: peer.name, paths: swept }, 'unconfirmed paths forgotten');
      },
      changed: (peer) => this.#sessionChanged(peer),
      timedOut: (peer) => this.#tryAnother(peer),
    };
  }

  *#publications(vrf: Vrf): IterableIterator<UnicastItem> {
    for (const route of this.localRoutes.of(vrf)) yield publishedItem(this.#publishing, route);
  }

  #receive(peer: ControlNodePeer, stanza: Stanza): void {
    const { counters } = peer;
    if (stanza.type === 'items') {
      const vrf = this.vrfs.get(stanza.instance);
      const taken = vrf === undefined ? 0 : this.#learnedRoutes.receive(peer, vrf, stanza);
      counters.items += taken;
      counters.ignored += stanza.items.length - taken + stanza.problems.length;
      for (const problem of stanza.problems)
        this.#log.warn({ peer: peer.name, ...problem }, 'an item was dropped');
    } else if (stanza.type === 'retracts') {
      const vrf = this.vrfs.get(stanza.instance);
      const taken = vrf === undefined ? 0 : this.#learnedRoutes.retract(peer, vrf, stanza);
      counters.retracts += taken;
      counters.ignored += stanza.ids.length - taken;
    } else counters.ignored++;
  }

  #sessionChanged(peer: ControlNodePeer): void {
    const { name, state, inSync, lastError } = peer;
    const because = state === 'established' ? {} : { because: lastError };
    this.#log.info({ peer: name, state, inSync, ...because }, 'control node');
    // Once one of them has told everything, what an absent one said is no longer needed.
    if (inSync) for (const other of this.peers) if (other !== peer) other.forget();
    this.#onSession?.(peer);
  }

  /** A spare takes the place of a control node that does not answer, if there is one. */
  #tryAnother(peer: ControlNodePeer): void {
    const spare = this.peers.find(({ state }) => state === 'idle');
    if (spare === undefined) return;
    this.#log.warn({ peer: peer.name, instead: spare.name }, 'control node does not answer');
    peer.stop();
    spare.start();
  }
}

function checkFloatingIp(
  to: { readonly name: string; readonly address: readonly string[] },
  floatingIp: FloatingIpConfig,
): void {
  const problem = floatingIpProblem(to, floatingIp);
  if (problem === undefined) return;
  throw new AgentError(`floating IP ${floatingIp.address} of ${to.name}: ${problem.because}`);
}

/** A locally administered MAC made from an address. */
function defaultMac(address: string): string {
  if (!address.includes(':')) return macText(Uint8Array.of(0x02, 0x00, ...ipv4Bytes(parseIpv4(address))));
  return macText(Uint8Array.of(0x06, ...parsePrefix(address).bytes.subarray(11)));
}

function isSameInterface(present: Interface, target: InterfaceConfig): boolean {
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
