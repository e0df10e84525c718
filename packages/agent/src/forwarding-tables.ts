/** The forwarding tables of one node, and how a change in one of them reaches the others. */
import { parsePrefix, prefixText } from '@vaportrail/net';
import { FlowTable, type Verdict } from './flow-table.ts';
import type { Packet } from './flow.ts';
import { InterfaceTable } from './interface-table.ts';
import { LearnedRoutes } from './learned-routes.ts';
import { LocalRoutes, type LocalRouteListener } from './local-routes.ts';
import { MplsTable } from './mpls.ts';
import { NextHopTable } from './next-hop.ts';
import type { Route } from './route.ts';
import type { TunnelType } from './tunnel-type.ts';
import { VrfTable, type VrfTableListener } from './vrf-table.ts';

/** What of the node itself the tables need. */
export interface ForwardingNode {
  /** As text and as octets. */
  readonly address: string;
  readonly addressOctets: Uint8Array;
  readonly mac: string;
  readonly encapsulationPriority: readonly TunnelType[];
}

/** Who is told of VRFs that come and go, and of routes to publish. */
export interface ForwardingListener
  extends VrfTableListener, Pick<LocalRouteListener, 'announce' | 'withdraw'> {}

export class ForwardingTables {
  readonly nextHops = new NextHopTable();
  readonly labels = new MplsTable(this.nextHops);
  readonly flows = new FlowTable();
  readonly learnedRoutes: LearnedRoutes;
  readonly localRoutes: LocalRoutes;
  readonly vrfs: VrfTable;
  readonly interfaces: InterfaceTable;

  constructor(node: ForwardingNode, listener: ForwardingListener) {
    const { nextHops, labels } = this;
    const { address, addressOctets, mac, encapsulationPriority } = node;
    this.learnedRoutes = new LearnedRoutes({
      address: addressOctets,
      encapsulationPriority,
      nextHops,
      labels,
    });
    const labelFreed = (label: number): void => this.learnedRoutes.labelFreed(label, this.vrfs);
    this.localRoutes = new LocalRoutes(nextHops, labels, {
      announce: (route) => listener.announce(route),
      withdraw: (route) => listener.withdraw(route),
      labelFreed,
    });
    this.vrfs = new VrfTable(nextHops, listener);
    this.interfaces = new InterfaceTable({
      address,
      mac,
      nextHops,
      labels,
      vrfs: this.vrfs,
      localRoutes: this.localRoutes,
      removed: (gone, label) => {
        this.flows.deleteInterface(gone);
        labelFreed(label);
      },
    });
  }

  /** The route of a prefix in a VRF. @throws RangeError when the text is no prefix */
  route(vrf: string, prefix: string): Route | undefined {
    const canonical = prefixText(parsePrefix(prefix));
    return this.vrfs.get(vrf)?.table(canonical).get(canonical);
  }

  /** A packet leaves a workload of this node. @throws AgentError when there is no such interface */
  send(interfaceName: string, packet: Packet): Verdict {
    return this.flows.process(packet, { interface: this.interfaces.workload(interfaceName) });
  }

  /** A packet arrives by tunnel with a label. */
  receive(tunnelSource: string, label: number, packet: Packet): Verdict {
    const nextHop = this.labels.get(label);
    if (nextHop === undefined)
      return { action: 'drop', because: 'SHORT_UNAVAILABLE_INTERFACE', flow: undefined };
    return this.flows.process(packet, { tunnelSource, nextHop });
  }
}
