/** The tables of a node as its vRouter would have them. */
import { hexText, parseMac } from '@vaportrail/net';
import type {
  NatPart,
  VrouterFlowTableView,
  VrouterFlowView,
  VrouterInterfaceView,
  VrouterLabelView,
  VrouterNextHopView,
  VrouterRouteTableView,
  VrouterRouteView,
} from '@vaportrail/show';
import type { Agent } from './agent.ts';
import type { Flow } from './flow.ts';
import { FLOW_ENTRY_OCTETS } from './flow-table.ts';
import { type Interface, VROUTER_MAC, ownInterfaces } from './interface.ts';
import type { NextHop } from './next-hop.ts';
import type { Route } from './route.ts';
import type { Vrf, VrfFamily } from './vrf.ts';

const ETHERTYPE_IPV4 = '0800';
/** The destination of a tunnel whose MAC nobody told. */
const UNRESOLVED_MAC = '00:00:00:00:00:00';

export function nextHopViews(agent: Agent): VrouterNextHopView[] {
  return agent.nextHops.list().map((nextHop) => nextHopView(agent, nextHop));
}

function nextHopView(agent: Agent, nextHop: NextHop): VrouterNextHopView {
  const { id, type } = nextHop;
  // A vRouter counts the reference of the table itself too.
  const head = { id, type, family: 'inet', references: nextHop.references + 1 } as const;
  switch (nextHop.type) {
    case 'discard':
      return { ...head, vrf: 0, flags: ['Valid'] };
    case 'receive':
      return {
        ...head,
        vrf: nextHop.interface.vrf.id,
        flags: ['Valid', 'Policy', 'Etree Root'],
        interface: nextHop.interface.index,
      };
    case 'encap':
      return {
        ...head,
        vrf: nextHop.interface.vrf.id,
        flags: nextHop.policy ? ['Valid', 'Policy', 'Etree Root'] : ['Valid', 'Etree Root'],
        interface: nextHop.interface.index,
        rewrite: rewriteOf(nextHop.interface.mac, VROUTER_MAC),
      };
    case 'tunnel':
      return {
        ...head,
        vrf: 0,
        flags: ['Valid', nextHop.tunnelType === 'VXLAN' ? 'Vxlan' : nextHop.tunnelType, 'Etree Root'],
        interface: ownInterfaces.fabric.index,
        rewrite: rewriteOf(agent.neighborMac(nextHop.destination) ?? UNRESOLVED_MAC, agent.mac),
        source: agent.address,
        destination: nextHop.destination,
      };
    case 'composite':
      return {
        ...head,
        vrf: nextHop.vrf,
        flags: ['Valid', 'Policy', 'Ecmp', 'Etree Root'],
        hashFields: nextHop.hashFields,
        members: nextHop.members.map((member) => ({ id: member.nextHop.id, label: member.label })),
      };
  }
}

/** An Ethernet header: destination, source, IPv4. */
function rewriteOf(destination: string, source: string): string {
  return hexText(parseMac(destination)) + hexText(parseMac(source)) + ETHERTYPE_IPV4;
}

/** Routes that forward. The vRouter's own table also has a line for every empty place; those are left out. */
export function routeTableView(vrf: Vrf, family: VrfFamily): VrouterRouteTableView {
  const routes = vrf[family].inOrder().filter((route) => route.active !== undefined);
  return { vrf: vrf.id, name: vrf.name, family, routes: routes.map(routeView) };
}

function routeView(route: Route): VrouterRouteView {
  const { nextHop, label } = route.active!;
  const tunnel = nextHop.type === 'tunnel';
  const flags: VrouterRouteView['flags'][number][] = [];
  if (tunnel) flags.push('label-valid');
  if (nextHop.type !== 'discard') flags.push('arp-proxy');
  if (nextHop.type === 'receive') flags.push('arp-trap');
  return {
    prefix: route.prefix,
    replacedLength: Number(route.prefix.slice(route.prefix.lastIndexOf('/') + 1)),
    flags,
    ...(tunnel && { label }),
    nextHop: nextHop.id,
  };
}

export function interfaceViews(agent: Agent): VrouterInterfaceView[] {
  return [...agent.interfaces].sort((a, b) => a.index - b.index).map(interfaceView);
}

function interfaceView(one: Interface): VrouterInterfaceView {
  const virtual = one.type === 'virtual';
  const address = one.addresses.find((text) => !text.includes(':'));
  const address6 = one.addresses.find((text) => text.includes(':'));
  return {
    index: one.index,
    name: one.name,
    type: one.type,
    os: one.type !== 'agent',
    ...(one.policyNextHop !== undefined && { nextHop: one.policyNextHop.id }),
    mac: virtual ? VROUTER_MAC : one.mac,
    ...(address !== undefined && { address }),
    ...(address6 !== undefined && { address6 }),
    vrf: one.vrf.id,
    flags: virtual ? ['P', 'L3', 'D', 'Er'] : ['L3', 'Er'],
    references: 1 + (one.nextHop?.references ?? 0) + (one.policyNextHop?.references ?? 0),
    received: { ...one.received, errors: 0 },
    sent: { ...one.sent, errors: 0 },
    drops: one.drops,
  };
}

export function labelViews(agent: Agent): VrouterLabelView[] {
  return agent.labels.list().map(({ label, nextHop }) => ({ label, nextHop: nextHop.id }));
}

export function flowTableView({ flows }: Agent): VrouterFlowTableView {
  const { created, added, deleted, changed, overflow } = flows.counters;
  return {
    size: flows.capacity * FLOW_ENTRY_OCTETS,
    entries: flows.capacity,
    created,
    added,
    deleted,
    changed,
    processed: created,
    overflow,
    flows: flows.list().map(flowView),
  };
}

function flowView(flow: Flow): VrouterFlowView {
  const { key, translation, dropReason } = flow;
  const nat: NatPart[] = [];
  if (translation.source !== undefined) {
    nat.push('source');
    if (translation.source.port !== key.sourcePort) nat.push('source-port');
  }
  if (translation.destination !== undefined) {
    nat.push('destination');
    if (translation.destination.port !== key.destinationPort) nat.push('destination-port');
  }
  return {
    index: flow.index,
    ...(flow.reverse !== undefined && { reverse: flow.reverse.index }),
    generation: 1,
    ...key,
    vrf: flow.vrf.id,
    ...(flow.destinationVrf !== undefined && { destinationVrf: flow.destinationVrf.id }),
    keyNextHop: flow.keyNextHop,
    action: flow.leaf === undefined ? 'drop' : nat.length > 0 ? 'nat' : 'forward',
    ...(nat.length > 0 && { nat }),
    ...(dropReason !== undefined && { dropReason }),
    tcp: [...flow.tcp],
    ...(flow.ecmpIndex >= 0 && { ecmpIndex: flow.ecmpIndex }),
    sourceNextHop: flow.sourceNextHop,
    packets: flow.packets,
    octets: flow.octets,
    udpSourcePort: flow.udpSourcePort,
    sourceInformation: flow.sourceInformation,
  };
}
