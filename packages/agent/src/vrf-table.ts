/** The VRFs of a node: those it was told to have, and those that came with an interface or floating IP. */
import { prefixText } from '@vaportrail/net';
import type { VrfConfig } from './config.ts';
import { AgentError } from './agent-error.ts';
import { IndexVector } from './index-vector.ts';
import type { NextHopTable, ReceiveNextHop } from './next-hop.ts';
import { LOCAL } from './route.ts';
import { FABRIC_VRF, Vrf, virtualNetworkOf } from './vrf.ts';

/** Instance ids are 16 bits of a route distinguisher; 0 is the underlay. */
const FIRST_INSTANCE_ID = 1;
const LAST_INSTANCE_ID = 65_535;

export interface VrfTableListener {
  /** A VRF is there, and nothing is published in it yet. */
  joined(vrf: Vrf): void;
  /** A VRF goes; nothing is published in it any more. */
  left(vrf: Vrf): void;
}

export class VrfTable {
  readonly fabric: Vrf;
  readonly #nextHops: NextHopTable;
  readonly #listener: VrfTableListener;
  readonly #byName = new Map<string, Vrf>();
  readonly #ids = new IndexVector(FIRST_INSTANCE_ID, LAST_INSTANCE_ID);

  constructor(nextHops: NextHopTable, listener: VrfTableListener) {
    this.#nextHops = nextHops;
    this.#listener = listener;
    this.fabric = new Vrf(FABRIC_VRF, 0, virtualNetworkOf(FABRIC_VRF));
    this.fabric.declared = true;
    this.#byName.set(FABRIC_VRF, this.fabric);
  }

  get(name: string): Vrf | undefined {
    return this.#byName.get(name);
  }

  /** A VRF by its name or its instance id, as people write it. */
  find(text: string): Vrf | undefined {
    if (!/^\d+$/.test(text)) return this.#byName.get(text);
    return [...this].find(({ id }) => id === Number(text));
  }

  [Symbol.iterator](): IterableIterator<Vrf> {
    return this.#byName.values();
  }

  /** The underlay first, then by instance id: the order of subscriptions. */
  inOrder(): Vrf[] {
    return [...this].sort((a, b) => a.id - b.id);
  }

  /**
   * Makes a VRF stay until it is told to go. One that an interface brought along keeps its instance id.
   * @throws AgentError when the instance id is taken, or the VRF has another one
   */
  declare(config: VrfConfig): Vrf {
    const wanted = config['instance-id'];
    const known = this.#byName.get(config.name);
    if (known !== undefined && wanted !== undefined && wanted !== known.id) {
      throw new AgentError(`${config.name} has instance-id ${known.id} already`);
    }
    const vrf = known ?? this.#add(config.name, wanted, config['virtual-network']);
    vrf.declared = true;
    for (const subnet of config.subnets) this.addOwnRoute(vrf, prefixText(subnet));
    return vrf;
  }

  /** Lets a declared VRF go, at once or with the last of its users. */
  undeclare(vrf: Vrf): void {
    if (vrf === this.fabric) return;
    vrf.declared = false;
    this.#removeUnused(vrf);
  }

  /** The VRF of a name, made when it is not there, with one more user. */
  use(name: string): Vrf {
    const vrf = this.#byName.get(name) ?? this.#add(name);
    vrf.users++;
    return vrf;
  }

  /** One user less. */
  leave(vrf: Vrf): void {
    vrf.users--;
    this.#removeUnused(vrf);
  }

  /** A route of the node itself: to the host, or, without next hop, to nowhere. */
  addOwnRoute(vrf: Vrf, prefix: string, nextHop?: ReceiveNextHop): void {
    const before = vrf
      .table(prefix)
      .ensure(prefix)
      .set({
        source: LOCAL,
        nextHop: nextHop ?? this.#nextHops.share(this.#nextHops.discard),
        label: -1,
        received: undefined,
        preference: 0,
        sequence: 0,
        generation: 0,
        stale: false,
      });
    if (before !== undefined) this.#nextHops.release(before.nextHop);
  }

  #add(name: string, wanted?: number, virtualNetwork?: string): Vrf {
    if (wanted !== undefined && this.#ids.has(wanted))
      throw new AgentError(`instance-id ${wanted} is in use`);
    const id = wanted === undefined ? this.#ids.allocate() : this.#ids.reserve(wanted);
    const vrf = new Vrf(name, id, virtualNetwork ?? virtualNetworkOf(name));
    this.#byName.set(name, vrf);
    this.#listener.joined(vrf);
    return vrf;
  }

  #removeUnused(vrf: Vrf): void {
    if (vrf.users > 0 || vrf.declared) return;
    this.#listener.left(vrf);
    for (const route of vrf.routes()) for (const path of route.paths) this.#nextHops.release(path.nextHop);
    this.#byName.delete(vrf.name);
    this.#ids.release(vrf.id);
  }
}
