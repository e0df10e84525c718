/**
 * Interfaces as `vif --list` and `vif --get` of a vRouter print them.
 * @see tf-vrouter utils/vif.c for the layout
 */
import type { VrouterCounterView, VrouterInterfaceView } from '../vrouter-views.ts';

const typeNames = {
  physical: 'Physical',
  host: 'Host',
  agent: 'Agent',
  virtual: 'Virtual',
} as const satisfies Record<VrouterInterfaceView['type'], string>;

/** Every flag a vRouter knows, for the banner. */
const flagMeanings = [
  'P=Policy',
  'X=Cross Connect',
  'S=Service Chain',
  'Mr=Receive Mirror',
  'Mt=Transmit Mirror',
  'Tc=Transmit Checksum Offload',
  'L3=Layer 3',
  'L2=Layer 2',
  'D=DHCP',
  'Vp=Vhost Physical',
  'Pr=Promiscuous',
  'Vnt=Native Vlan Tagged',
  'Mnp=No MAC Proxy',
  'Dpdk=DPDK PMD Interface',
  'Rfl=Receive Filtering Offload',
  'Mon=Interface is Monitored',
  'Uuf=Unknown Unicast Flood',
  'Vof=VLAN insert/strip offload',
  'Df=Drop New Flows',
  'L=MAC Learning Enabled',
  'Proxy=MAC Requests Proxied Always',
  'Er=Etree Root',
  'Mn=Mirror without Vlan Tag',
  'HbsL=HBS Left Intf',
  'HbsR=HBS Right Intf',
  'Ig=Igmp Trap Enabled',
  'Ml=MAC-IP Learning Enabled',
];
const FLAGS_PER_LINE = 4;
const INDENT = ' '.repeat(12);

/** `vif --list` and `vif --get N`: the banner and the interfaces given. */
export function interfacesText(interfaces: readonly VrouterInterfaceView[]): string {
  return banner() + interfaces.map(interfaceText).join('');
}

function banner(): string {
  const lines: string[] = [];
  for (let at = 0; at < flagMeanings.length; at += FLAGS_PER_LINE) {
    lines.push(flagMeanings.slice(at, at + FLAGS_PER_LINE).join(', '));
  }
  return `Vrouter Interface Table\n\nFlags: ${lines.join('\n       ')}\n\n`;
}

function interfaceText(vif: VrouterInterfaceView): string {
  const name = vif.os ? `OS: ${vif.name}` : `    ${vif.name}`;
  const flags = vif.flags.length === 0 ? 'NULL' : vif.flags.join('');
  const lines = [
    `Type:${typeNames[vif.type]} HWaddr:${vif.mac} IPaddr:${vif.address ?? '0.0.0.0'}`,
    ...(vif.address6 === undefined ? [] : [`IP6addr:${vif.address6}`]),
    `Vrf:${vif.vrf} Mcast Vrf:${vif.vrf} Flags:${flags} QOS:-1 Ref:${vif.references}`,
    `RX ${countersText(vif.received)}`,
    `TX ${countersText(vif.sent)}`,
    `Drops:${vif.drops}`,
  ];
  const nextHop = vif.nextHop === undefined ? '' : ` NH: ${vif.nextHop}`;
  return `${`vif0/${vif.index}`.padEnd(12)}${name}${nextHop}\n${lines.map((line) => `${INDENT}${line}\n`).join('')}\n`;
}

function countersText({ packets, octets, errors }: VrouterCounterView): string {
  return `packets:${packets}  bytes:${octets} errors:${errors}`;
}
