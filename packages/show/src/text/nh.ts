/**
 * Next hops as `nh --get` and `nh --list` of a vRouter print them.
 * @see tf-vrouter utils/nh.c for the layout
 */
import type { VrouterNextHopView } from '../vrouter-views.ts';

const typeNames = {
  discard: 'Drop',
  receive: 'Receive',
  'l2-receive': 'L2 Receive',
  encap: 'Encap',
  tunnel: 'Tunnel',
  resolve: 'Resolve',
  composite: 'Composite',
  'vrf-translate': 'Vrf_Translate',
} as const satisfies Record<VrouterNextHopView['type'], string>;

const familyNames = {
  inet: 'AF_INET',
  inet6: 'AF_INET6',
  bridge: 'AF_BRIDGE',
} as const satisfies Record<VrouterNextHopView['family'], string>;

/** Hash fields in the order of their bits, with the commas that the vRouter puts behind all but the last. */
const hashFieldTexts = [
  ['l4-protocol', 'Proto,'],
  ['l3-source-address', 'SrcIP,'],
  ['l4-source-port', 'SrcPort,'],
  ['l3-destination-address', 'DstIp,'],
  ['l4-destination-port', 'DstPort'],
] as const;

/** EtherType of what an encap next hop resolves with: ARP. */
const ENCAP_FAMILY = '0806';
/** Members are continued on a new line once so many characters of them were printed. */
const MEMBER_COLUMNS = 60;
const INDENT = ' '.repeat(14);

/** `nh --list`: every next hop. */
export function nextHopListText(nextHops: readonly VrouterNextHopView[]): string {
  return nextHops.map(nextHopText).join('');
}

/** `nh --get ID`: one next hop, followed by the members of a composite; undefined when there is none. */
export function nextHopGetText(nextHops: readonly VrouterNextHopView[], id: number): string | undefined {
  const byId = new Map(nextHops.map((nextHop) => [nextHop.id, nextHop]));
  const nextHop = byId.get(id);
  if (nextHop === undefined) return undefined;
  const text = (one: VrouterNextHopView): string =>
    nextHopText(one) +
    (one.members ?? [])
      .map((member) => byId.get(member.id))
      .map((member) => (member === undefined ? '' : text(member)))
      .join('');
  return text(nextHop);
}

function nextHopText(nextHop: VrouterNextHopView): string {
  const { id, type, family, references, vrf, flags } = nextHop;
  const head =
    `Id:${String(id).padEnd(9)}  Type:${typeNames[type].padEnd(13)}  Fmly:${familyNames[family].padStart(8)}` +
    `  Rid:0  Ref_cnt:${String(references).padEnd(10)} Vrf:${vrf}`;
  const flagText = flags.length === 0 ? 'None' : flags.map((flag) => `${flag}, `).join('');
  return `${[head, `Flags:${flagText}`, ...details(nextHop)].join(`\n${INDENT}`)}\n\n`;
}

function details(nextHop: VrouterNextHopView): string[] {
  const { interface: oif = 0, rewrite = '', vrf } = nextHop;
  const octets = rewrite.replace(/../g, '$& ');
  const length = rewrite.length / 2;
  switch (nextHop.type) {
    case 'receive':
      return [`Oif:${oif}`];
    case 'encap':
      return [`EncapFmly:${ENCAP_FAMILY} Oif:${oif} Len:${length}`, `Encap Data: ${octets}`];
    case 'tunnel':
      return [
        `Oif:${oif} Len:${length} Data:${octets}`,
        `Sip:${nextHop.source ?? '0.0.0.0'} Dip:${nextHop.destination ?? '0.0.0.0'}`,
      ];
    case 'vrf-translate':
      return [`Vrf:${vrf}`];
    case 'composite':
      return [...hashFieldLine(nextHop), membersText(nextHop.members ?? [])];
    case 'discard':
    case 'l2-receive':
    case 'resolve':
      return [];
  }
}

function hashFieldLine({ hashFields }: VrouterNextHopView): string[] {
  if (hashFields === undefined || hashFields.length === 0) return [];
  const texts = hashFieldTexts.filter(([field]) => hashFields.includes(field)).map(([, text]) => text);
  return [`Valid Hash Key Parameters: ${texts.join('')}`];
}

function membersText(members: readonly { readonly id: number; readonly label?: number }[]): string {
  let text = 'Sub NH(label):';
  let printed = 0;
  for (const { id, label } of members) {
    if (printed > MEMBER_COLUMNS) {
      text += `\n${INDENT}${INDENT}`;
      printed = 0;
    }
    const member = ` ${id}${label === undefined || label < 0 ? '' : `(${label})`}`;
    text += member;
    printed += member.length;
  }
  return text;
}
