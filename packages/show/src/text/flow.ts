/**
 * Flows as `flow -l` of a vRouter prints them.
 * @see tf-vrouter utils/flow.c for the layout
 */
import { ipv4Text } from '@vaportrail/net';
import type { NatPart, TcpMark, VrouterFlowTableView, VrouterFlowView } from '../vrouter-views.ts';

const PROTOCOL_TCP = 6;
/** A line is ended behind the field that reaches this column. */
const COLUMNS = 70;

const natLetters = {
  source: 'S',
  'source-port': 'Ps',
  destination: 'D',
  'destination-port': 'Pd',
} as const satisfies Record<NatPart, string>;

const tcpLetters = {
  syn: 'S',
  'syn-reverse': 'Sr',
  established: 'E',
  'established-reverse': 'Er',
  fin: 'F',
  'fin-reverse': 'Fr',
  reset: 'R',
  'half-close': 'C',
  dead: 'D',
} as const satisfies Record<TcpMark, string>;

/** `flow -l`: the counters of the table and every flow. */
export function flowListText(table: VrouterFlowTableView): string {
  return header(table) + table.flows.map(flowText).join('');
}

/** `flow --match "A[:PORT][,B[:PORT]]"`: flows between one or two endpoints, in either direction. */
export function matchingFlows(
  flows: readonly VrouterFlowView[],
  endpoints: readonly { readonly address: string; readonly port?: number }[],
): VrouterFlowView[] {
  return flows.filter((flow) => {
    const ends = [
      { address: flow.source, port: flow.sourcePort },
      { address: flow.destination, port: flow.destinationPort },
    ];
    const matches = (end: (typeof ends)[number], wanted: (typeof endpoints)[number]): boolean =>
      end.address === wanted.address && (wanted.port === undefined || wanted.port === end.port);
    const [first, second] = endpoints;
    if (first === undefined) return true;
    return [ends, [...ends].reverse()].some(
      ([one, other]) => matches(one!, first) && (second === undefined || matches(other!, second)),
    );
  });
}

function header(table: VrouterFlowTableView): string {
  const { size, entries, created, added, deleted, changed, processed, overflow } = table;
  return (
    `Flow table(size ${size}, entries ${entries})\n\n` +
    `Entries: Created ${created} Added ${added} Deleted ${deleted} Changed ${changed}Processed ${processed}` +
    ` Used Overflow entries ${overflow}\n` +
    '(Created Flows/CPU: )(oflows 0)\n\n' +
    'Action:F=Forward, D=Drop N=NAT(S=SNAT, D=DNAT, Ps=SPAT, Pd=DPAT, L=Link Local Port)\n' +
    ' Other:K(nh)=Key_Nexthop, S(nh)=RPF_Nexthop\n' +
    ' Flags:E=Evicted, Ec=Evict Candidate, N=New Flow, M=Modified Dm=Delete Marked\n' +
    'TCP(r=reverse):S=SYN, F=FIN, R=RST, C=HalfClose, E=Established, D=Dead\n\n' +
    '    Index                Source:Port/Destination:Port                      Proto(V)\n' +
    `${'-'.repeat(83)}\n`
  );
}

function flowText(flow: VrouterFlowView): string {
  const { index, reverse, source, sourcePort, destination, destinationPort, protocol, vrf, destinationVrf } =
    flow;
  const pair = reverse === undefined ? ' '.repeat(12) : `<=>${String(reverse).padEnd(9)}`;
  const from = `${source}:${String(sourcePort).padEnd(5)}`.padEnd(46);
  const vrfs = destinationVrf === undefined ? `${vrf}` : `${vrf}->${destinationVrf}`;
  return (
    `${String(index).padStart(9)}${pair}    ${from}    ${String(protocol).padStart(3)} (${vrfs})\n` +
    `${' '.repeat(25)}${destination}:${String(destinationPort).padEnd(5)}\n` +
    `${details(flow)}\n\n`
  );
}

/** The parenthesis behind a flow, broken into lines the way the vRouter does. */
function details(flow: VrouterFlowView): string {
  let text = '';
  let column = 0;
  const print = (field: string): void => {
    text += field;
    column += field.length;
  };
  const breakLine = (): void => {
    if (column < COLUMNS) return;
    text += '\n';
    column = 0;
  };
  print(`(Gen: ${flow.generation}, K(nh):${flow.keyNextHop}, Action:${actionText(flow)}, Flags:, `);
  if (flow.protocol === PROTOCOL_TCP) {
    const marks = Object.entries(tcpLetters).filter(([mark]) => flow.tcp?.includes(mark as TcpMark));
    print(`TCP:${marks.map(([, letter]) => letter).join('')}, `);
  }
  if (flow.ecmpIndex !== undefined) print(`E:${flow.ecmpIndex}, `);
  print(`QOS:-1, S(nh):${flow.sourceNextHop}, `);
  breakLine();
  print(` Stats:${flow.packets}/${flow.octets}, `);
  breakLine();
  print(` SPort ${flow.udpSourcePort},`);
  breakLine();
  print(` TTL 0, Sinfo ${sourceInformationText(flow.sourceInformation)})`);
  return text;
}

function actionText({ action, nat = [], dropReason }: VrouterFlowView): string {
  switch (action) {
    case 'forward':
      return 'F';
    case 'hold':
      return 'H';
    case 'drop':
      return `D(${dropReason ?? 'Unknown'})`;
    case 'nat':
      return `N(${Object.entries(natLetters)
        .filter(([part]) => nat.includes(part as NatPart))
        .map(([, letter]) => letter)
        .join('')})`;
  }
}

/** The index of an interface shows as the octets of a little-endian number: interface 6 is `6.0.0.0`. */
function sourceInformationText(information: string | number): string {
  if (typeof information === 'string') return information;
  const swapped =
    ((information & 0xff) << 24) |
    ((information & 0xff00) << 8) |
    ((information >>> 8) & 0xff00) |
    (information >>> 24);
  return ipv4Text(swapped >>> 0);
}
