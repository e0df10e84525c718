/**
 * What the system was told, kept apart from the system: which compute nodes are there, what runs on them, which
 * floating IPs they carry. What every table must hold follows from it.
 */
import { ipv4Text, parseIpv4 } from '@vaportrail/net';

/** A workload on a compute node: an interface, its address, the floating IPs that lead to it. */
export interface Workload {
  readonly name: string;
  readonly vrf: string;
  readonly address: string;
  preference: number;
  /** Rises with every move. */
  sequence: number;
  /** Floating IP → the VRF of its pool. */
  readonly floatingIps: Map<string, string>;
}

export interface ComputeNode {
  readonly name: string;
  readonly address: string;
  /** Steady nodes are never disturbed: their routes must be everywhere all the time. */
  readonly steady: boolean;
  up: boolean;
  readonly workloads: Map<string, Workload>;
}

/** One path to a prefix: who publishes it, with which workload, how preferable it is. */
export interface Publication {
  readonly node: ComputeNode;
  readonly workload: Workload;
}

/** A network, and the number of its route target. */
export interface Network {
  readonly name: string;
  readonly index: number;
  readonly routeTarget: string;
  /** Whether gateways import it. */
  readonly isPool: boolean;
}

export interface IntentSize {
  readonly nodes: number;
  readonly floatingIps: number;
  readonly asn: number;
}

const NODES_PER_NETWORK = 6;
const POOLS = 2;
/** Compute nodes that stay as they are. */
const STEADY = 2;

export class Intent {
  readonly nodes: readonly ComputeNode[];
  readonly networks: readonly Network[];
  readonly pools: readonly Network[];
  /** Floating IPs that come and go, with their pool. */
  readonly floatingIps: ReadonlyMap<string, string>;
  /** The floating IP of all steady nodes. */
  readonly steadyFloatingIp = '172.30.0.1';

  constructor({ nodes, floatingIps, asn }: IntentSize) {
    const count = Math.ceil(nodes / NODES_PER_NETWORK);
    const network = (name: string, index: number, isPool: boolean): Network => ({
      name: `default-domain:soak:${name}:${name}`,
      index,
      routeTarget: `${asn}:${8000 + index}`,
      isPool,
    });
    const own = Array.from({ length: count }, (_, k) => network(`pods-${k}`, k + 1, false));
    this.pools = Array.from({ length: POOLS }, (_, k) => network(`public-${k}`, 100 + k, true));
    this.networks = [...own, ...this.pools];
    this.nodes = Array.from({ length: nodes }, (_, n): ComputeNode => {
      const { name: vrf } = own[n % count]!;
      const workload: Workload = {
        name: 'tap0',
        vrf,
        address: ipv4Text(parseIpv4('10.64.0.1') + n),
        preference: 200,
        sequence: 0,
        floatingIps: new Map(n < STEADY ? [[this.steadyFloatingIp, this.pools[0]!.name]] : []),
      };
      return {
        name: `compute-${String(n).padStart(3, '0')}`,
        address: ipv4Text(parseIpv4('10.128.0.1') + n),
        steady: n < STEADY,
        up: true,
        workloads: new Map([[workload.name, workload]]),
      };
    });
    this.floatingIps = new Map(
      Array.from({ length: floatingIps }, (_, k) => [
        ipv4Text(parseIpv4('172.31.0.1') + k),
        this.pools[k % POOLS]!.name,
      ]),
    );
  }

  /** Nodes that may be disturbed. */
  get unsteady(): ComputeNode[] {
    return this.nodes.filter(({ steady }) => !steady);
  }

  /** Everything published in a VRF by prefix, the preferred first, equals by address as control nodes order them. */
  published(vrf: string): Map<string, Publication[]> {
    const prefixes = new Map<string, Publication[]>();
    const add = (address: string, publication: Publication): void => {
      const prefix = `${address}/32`;
      prefixes.set(prefix, [...(prefixes.get(prefix) ?? []), publication]);
    };
    for (const node of this.nodes.filter(({ up }) => up)) {
      for (const workload of node.workloads.values()) {
        if (workload.vrf === vrf) add(workload.address, { node, workload });
        for (const [address, pool] of workload.floatingIps)
          if (pool === vrf) add(address, { node, workload });
      }
    }
    for (const publications of prefixes.values()) publications.sort(byPreference);
    return prefixes;
  }

  /** Those of a prefix that share its traffic: equal to the best in preference and sequence number. */
  static sharing(publications: readonly Publication[]): Publication[] {
    const best = publications[0]!.workload;
    return publications.filter(
      ({ workload }) => workload.preference === best.preference && workload.sequence === best.sequence,
    );
  }
}

/** LOCAL_PREF, then the sequence number of moves, then the next hop. */
function byPreference(a: Publication, b: Publication): number {
  return (
    b.workload.preference - a.workload.preference ||
    b.workload.sequence - a.workload.sequence ||
    parseIpv4(a.node.address) - parseIpv4(b.node.address)
  );
}
