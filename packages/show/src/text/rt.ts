/**
 * Routes as `rt --dump` and `rt --get` of a vRouter print them.
 * @see tf-vrouter utils/rt.c for the layout
 */
import type { VrouterRouteTableView, VrouterRouteView } from '../vrouter-views.ts';

const flagLetters = {
  'label-valid': ['L', 'Label Valid'],
  'arp-proxy': ['P', 'Proxy ARP'],
  'arp-trap': ['T', 'Trap ARP'],
  'arp-flood': ['F', 'Flood ARP'],
} as const satisfies Record<VrouterRouteView['flags'][number], readonly [string, string]>;

/** `rt --dump VRF [--family inet|inet6]` */
export function routeDumpText(table: VrouterRouteTableView): string {
  return header(table) + table.routes.map((route) => routeText(route, route.replacedLength)).join('');
}

/** `rt --get ADDRESS/LENGTH --vrf VRF`: the banner and one route. The vRouter tells no replaced length here. */
export function routeGetText(table: VrouterRouteTableView, route: VrouterRouteView): string {
  return header(table) + routeText(route, 0);
}

/**
 * `rt --dump VRF --family bridge`: the columns, and that there is nothing in them. Of the layout only the names of the columns are
 * known from documents; their widths have not been held against a vRouter.
 */
export function bridgeDumpText({ vrf }: Pick<VrouterRouteTableView, 'vrf'>): string {
  return (
    `vRouter bridge table 0/${vrf}\n` +
    'Index       DestMac                  Flags           Label/VNID      Nexthop           Stats\n' +
    'no bridge routes: this agent forwards IP alone and learns no MAC addresses\n'
  );
}

function header({ vrf, family }: VrouterRouteTableView): string {
  const legend = [...Object.values(flagLetters), ['Ml', 'MAC-IP learnt route']]
    .map(([letter, meaning]) => `${letter}=${meaning}`)
    .join(', ');
  return (
    `Flags: ${legend}\n` +
    `vRouter inet${family === 'inet' ? 4 : 6} routing table 0/${vrf}/unicast\n` +
    'Destination           PPL        Flags        Label         Nexthop    Stitched MAC(Index)\n'
  );
}

function routeText({ prefix, flags, label, nextHop, mac }: VrouterRouteView, replaced: number): string {
  const slash = prefix.indexOf('/');
  const destination = `${prefix.slice(0, slash)}/${prefix.slice(slash + 1).padEnd(2)}`;
  const letters = Object.entries(flagLetters)
    .filter(([flag]) => (flags as readonly string[]).includes(flag))
    .map(([, [letter]]) => letter)
    .join('');
  const labelText = flags.includes('label-valid') && label !== undefined ? String(label) : '-';
  return (
    destination.padEnd(21) +
    String(replaced).padStart(4) +
    letters.padStart(8 + 5) +
    labelText.padStart(6 + 5) +
    String(nextHop).padStart(8 + 7) +
    ' '.repeat(8) +
    `${mac === undefined ? '-' : `${mac.address}(${mac.index})`}\n`
  );
}
