/** The routing instances of a control node, made what a configuration says; and the names of their networks. */
import { isDeepStrictEqual } from 'node:util';
import type { Rib, RuleSetName } from '@vaportrail/rib';
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import { type RoutingInstanceConfig, virtualNetworkOf } from './config.ts';
import { RoutingInstance } from './routing-instance.ts';
import { VirtualNetworks } from './virtual-networks.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** What the instances need of the node. */
export interface RoutingInstancesOwner {
  readonly rib: Rib;
  readonly asn: number;
  /** Of route distinguishers; 0 is none. */
  readonly clusterSeed: number;
  /** The rules by which tables choose. */
  readonly selection: RuleSetName;
  /** Agents, which join and lose instances that come and go. */
  agents(): Iterable<XmppPeer>;
  /** An instance with these import targets got its first subscriber, or lost its last one. */
  wanted(imports: readonly Uint8Array[], isWanted: boolean): void;
}

/** The underlay, which is always there. */
const master: RoutingInstanceConfig = {
  name: MASTER_INSTANCE,
  'virtual-network': undefined,
  'vn-index': undefined,
  'route-targets': [],
  import: [],
  export: [],
};

/** Instances by name; the underlay is there from the first {@link RoutingInstances.configure} on. */
export class RoutingInstances {
  readonly #owner: RoutingInstancesOwner;
  readonly #instances = new Map<string, RoutingInstance>();
  #networks = new VirtualNetworks([], '');

  constructor(owner: RoutingInstancesOwner) {
    this.#owner = owner;
  }

  /** In the order of the configuration, the underlay first. */
  [Symbol.iterator](): IterableIterator<RoutingInstance> {
    return this.#instances.values();
  }

  /** The instance of a name. */
  get(name: string): RoutingInstance | undefined {
    return this.#instances.get(name);
  }

  /** The names of the networks as configured last. */
  get networks(): VirtualNetworks {
    return this.#networks;
  }

  /** Instances come, change and go until they are these and the underlay; what did not change is not touched. */
  configure(configs: readonly RoutingInstanceConfig[]): void {
    const wanted = new Map([master, ...configs].map((config) => [config.name, config]));
    const added: string[] = [];
    let renamed = this.#removeAllBut(wanted);
    for (const [name, config] of wanted) {
      const instance = this.#instances.get(name);
      if (instance === undefined) {
        this.#instances.set(name, this.#create(config));
        added.push(name);
      } else if (!isDeepStrictEqual(config, instance.config)) {
        renamed = true;
        instance.retarget(config);
      }
    }
    const named = Array.from(this, ({ virtualNetwork, virtualNetworkIndex, exports }) => ({
      virtualNetwork,
      index: virtualNetworkIndex,
      exports,
    }));
    this.#networks = new VirtualNetworks(named, virtualNetworkOf(master));
    for (const name of added) for (const agent of this.#owner.agents()) agent.instanceAdded(name);
    if (renamed || added.length > 0) for (const instance of this) instance.refresh();
  }

  /** Removes what is not wanted, or not as it is. Tells whether there was anything. */
  #removeAllBut(wanted: ReadonlyMap<string, RoutingInstanceConfig>): boolean {
    let hasRemoved = false;
    for (const [name, instance] of this.#instances) {
      const config = wanted.get(name);
      if (config !== undefined && isSameNetwork(config, instance.config)) continue;
      hasRemoved = true;
      this.#instances.delete(name);
      for (const agent of this.#owner.agents()) agent.instanceRemoved(instance);
      instance.remove();
    }
    return hasRemoved;
  }

  #create(config: RoutingInstanceConfig): RoutingInstance {
    const { rib, asn, clusterSeed, selection } = this.#owner;
    return new RoutingInstance(config, {
      rib,
      asn,
      clusterSeed,
      selection,
      networks: () => this.#networks,
      wanted: ({ imports }, isWanted) => this.#owner.wanted(imports, isWanted),
    });
  }
}

/** What an instance cannot change without its routes being made anew. */
function isSameNetwork(a: RoutingInstanceConfig, b: RoutingInstanceConfig): boolean {
  return virtualNetworkOf(a) === virtualNetworkOf(b) && a['vn-index'] === b['vn-index'];
}
