/**
 * A lab in network namespaces, with the addresses of the topology for real: one namespace is the fabric, where control
 * nodes, compute nodes and our gateway run; every FRR or GoBGP has a namespace of its own at the end of a cable.
 */
import { Namespace, type Place } from './namespace.ts';
import type { GatewayKind, Topology } from './topology.ts';

export class Fabric {
  readonly #all: Namespace[] = [];
  readonly #places = new Map<string, Namespace>();

  private constructor() {}

  /** @throws Error when namespaces are not permitted here; nothing stays behind then */
  static async create(topology: Topology, kinds: readonly GatewayKind[]): Promise<Fabric> {
    const fabric = new Fabric();
    try {
      await fabric.#build(topology, kinds);
      return fabric;
    } catch (error) {
      await fabric.remove();
      throw error;
    }
  }

  async #build(topology: Topology, kinds: readonly GatewayKind[]): Promise<void> {
    const inner = await this.#namespace('fabric');
    const gateways = topology.gateways.filter(({ kind }) => kinds.includes(kind));
    const near = [
      ...topology['control-nodes'],
      ...topology.nodes,
      ...gateways.filter(({ kind }) => kind === 'gateway'),
    ];
    for (const { address } of near) await inner.addAddress(address);
    for (const [index, gateway] of gateways.filter(({ kind }) => kind !== 'gateway').entries()) {
      const outer = await this.#namespace(gateway.kind);
      this.#places.set(gateway.name, outer);
      const device = `to-${gateway.kind}${index}`;
      await inner.connect(outer, device, 'fabric');
      await outer.addAddress(gateway.address);
      await inner.addRoute(`${gateway.address}/32`, device);
      for (const { address } of near) await outer.addRoute(`${address}/32`, 'fabric', gateway.address);
    }
  }

  async #namespace(label: string): Promise<Namespace> {
    const namespace = await Namespace.create(label);
    this.#all.push(namespace);
    return namespace;
  }

  /** Where the daemons of the suite run: this process has to be in there to start them. */
  get inner(): Place {
    return this.#all[0]!;
  }

  /** The namespaces of real peers, by the name of the gateway. */
  get places(): Record<string, string> {
    return Object.fromEntries([...this.#places].map(([name, { name: namespace }]) => [name, namespace]));
  }

  /** Deletes all its namespaces, the last one first. */
  async remove(): Promise<void> {
    for (const namespace of this.#all.splice(0).reverse()) await namespace.remove();
  }
}

/** A namespace that somebody else made. */
export function existingNamespace(name: string): Place {
  return { name, command: (command) => ['ip', 'netns', 'exec', name, ...command] };
}
