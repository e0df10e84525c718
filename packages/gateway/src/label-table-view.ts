/** `mpls.0` as an operator sees it: the labels this router takes packets with, and what it does then. */
import type { GatewayPathView, GatewayTableView } from '@vaportrail/show';
import type { EntryFilter } from './table-view.ts';
import type { Vrf } from './vrf.ts';

/** Explicit and implicit null, router alert, generic associated channel: for the router itself. @see RFC 3032 §2.1, RFC 5586 */
const reserved = [0, 1, 2, 13] as const;
/** Preference of the label of a routing instance. */
const VPN_PREFERENCE = 170;

interface LabelEntry {
  readonly label: number;
  readonly path: GatewayPathView;
}

/** @param age of the table, in seconds */
export function labelTableView(vrfs: Iterable<Vrf>, age: number, filter: EntryFilter): GatewayTableView {
  const entries: LabelEntry[] = [
    ...reserved.map((label) => ({ label, path: receivePath(age) })),
    ...Array.from(vrfs, ({ label, name }) => ({ label, path: tablePath(`${name}.inet.0`, age) })),
  ];
  const shown = entries
    .toSorted((a, b) => a.label - b.label)
    .filter(({ label }) => filter.prefix === undefined || filter.prefix === String(label))
    .filter(({ path }) => filter.protocol === undefined || sameProtocol(path, filter.protocol));
  return {
    name: LABEL_TABLE,
    family: 'mpls',
    destinations: entries.length,
    routes: entries.length,
    active: entries.length,
    holddown: 0,
    hidden: 0,
    multipath: false,
    entries:
      filter.countsOnly === true || filter.hidden === true
        ? []
        : shown.map(({ label, path }) => ({
            table: LABEL_TABLE,
            family: 'mpls',
            prefix: String(label),
            announced: 1,
            paths: [path],
          })),
  };
}

/** What Junos calls the table of labels. */
export const LABEL_TABLE = 'mpls.0';

function sameProtocol({ kind }: GatewayPathView, protocol: string): boolean {
  return kind.toLowerCase() === protocol.toLowerCase();
}

function receivePath(age: number): GatewayPathView {
  return { ...labelPath(age), kind: 'MPLS', preference: 0, metric: 1, task: 'MPLS', nextHopType: 'Receive' };
}

/** `vrf-table-label`: the label comes off, and the packet is looked up as if it had come in by an interface of the instance. */
function tablePath(table: string, age: number): GatewayPathView {
  return {
    ...labelPath(age),
    kind: 'VPN',
    preference: VPN_PREFERENCE,
    task: 'RT',
    nextHopType: 'Table',
    lookupTable: table,
  };
}

function labelPath(age: number): Omit<GatewayPathView, 'kind' | 'preference' | 'task' | 'nextHopType'> {
  return {
    protocol: 'local',
    source: 'mpls',
    mark: '*',
    best: true,
    active: true,
    multipath: false,
    feasible: true,
    age,
    state: ['Active', 'Int'],
    announcementBits: ['1-KRT'],
    nextHops: [],
    indirect: [],
    junosCommunities: [],
  };
}
