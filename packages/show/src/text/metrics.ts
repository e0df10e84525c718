/** Views as metrics in the text format of Prometheus. Counters end in `_total`, units are in the names. */
import type { DaemonView, NeighborView, TableView } from '../views.ts';

/** What the metrics of a daemon are made of. */
export interface Measured {
  readonly daemon: DaemonView;
  readonly neighbors: readonly NeighborView[];
  readonly tables: readonly TableView[];
  /** Of the process; absent when several daemons share one. */
  readonly memory?: { readonly rss: number; readonly heapUsed: number };
  /** Seconds of processor time used. */
  readonly cpuSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | undefined];

interface Metric {
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: (measured: Measured) => readonly Sample[];
}

const perNeighbor =
  (value: (neighbor: NeighborView) => number | undefined) =>
  ({ neighbors }: Measured): Sample[] =>
    neighbors.map((each) => [neighborLabels(each), value(each)]);

const perTable =
  (value: (table: TableView) => number | undefined) =>
  ({ tables }: Measured): Sample[] =>
    tables.map((each) => [{ table: each.name, family: each.family }, value(each)]);

function neighborLabels({ name, address, protocol }: NeighborView): Labels {
  return { neighbor: name, address, protocol };
}

/** Every metric, by name without the prefix. */
export const metrics = {
  info: {
    help: 'Name, kind and version of the daemon; always 1.',
    type: 'gauge',
    samples: ({ daemon: { name, kind, version } }) => [[{ name, kind, version }, 1]],
  },
  start_time_seconds: {
    help: 'When the daemon started, in seconds since the epoch.',
    type: 'gauge',
    samples: ({ daemon }) => [[{}, Date.parse(daemon.startedAt) / 1000]],
  },
  neighbor_up: {
    help: 'Whether the session with a neighbor is established.',
    type: 'gauge',
    samples: perNeighbor(({ state }) => (state === 'Established' ? 1 : 0)),
  },
  neighbor_established_seconds: {
    help: 'How long the session has been established.',
    type: 'gauge',
    samples: ({ neighbors, now }) =>
      neighbors.map((each) => [
        neighborLabels(each),
        each.establishedAt === undefined ? undefined : (now - Date.parse(each.establishedAt)) / 1000,
      ]),
  },
  neighbor_flaps_total: {
    help: 'How often an established session has ended.',
    type: 'counter',
    samples: perNeighbor(({ flaps }) => flaps),
  },
  neighbor_messages_received_total: {
    help: 'Messages received from a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ received }) => received.messages),
  },
  neighbor_messages_sent_total: {
    help: 'Messages sent to a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ sent }) => sent.messages),
  },
  neighbor_updates_received_total: {
    help: 'UPDATEs, or stanzas with routes, received from a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ received }) => received.updates),
  },
  neighbor_updates_sent_total: {
    help: 'UPDATEs, or stanzas with routes, sent to a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ sent }) => sent.updates),
  },
  neighbor_received_bytes_total: {
    help: 'Octets received from a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ received }) => received.octets),
  },
  neighbor_sent_bytes_total: {
    help: 'Octets sent to a neighbor.',
    type: 'counter',
    samples: perNeighbor(({ sent }) => sent.octets),
  },
  neighbor_backlog_bytes: {
    help: 'Octets that wait for a neighbor to read.',
    type: 'gauge',
    samples: perNeighbor(({ backlog }) => backlog),
  },
  neighbor_paths: {
    help: 'Paths of a neighbor in the tables.',
    type: 'gauge',
    samples: perNeighbor(({ paths }) => paths),
  },
  table_routes: {
    help: 'Destinations in a table.',
    type: 'gauge',
    samples: perTable(({ prefixes }) => prefixes),
  },
  table_paths: {
    help: 'Paths in a table.',
    type: 'gauge',
    samples: perTable(({ paths }) => paths),
  },
  table_infeasible_paths: {
    help: 'Paths in a table that cannot be used.',
    type: 'gauge',
    samples: perTable(({ infeasiblePaths }) => infeasiblePaths),
  },
  table_stale_paths: {
    help: 'Paths in a table kept from sessions that went down.',
    type: 'gauge',
    samples: perTable(({ stalePaths }) => stalePaths),
  },
  process_resident_memory_bytes: {
    help: 'Memory of the process.',
    type: 'gauge',
    samples: ({ memory }) => [[{}, memory?.rss]],
  },
  process_heap_bytes: {
    help: 'Memory of the process in use by JavaScript objects.',
    type: 'gauge',
    samples: ({ memory }) => [[{}, memory?.heapUsed]],
  },
  process_cpu_seconds_total: {
    help: 'Processor time used by the process.',
    type: 'counter',
    samples: ({ cpuSeconds }) => [[{}, cpuSeconds]],
  },
} as const satisfies Record<string, Metric>;

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** All metrics that have a value. */
export function metricsText(measured: Measured): string {
  const lines: string[] = [];
  for (const [name, metric] of Object.entries<Metric>(metrics)) {
    const samples = metric.samples(measured).filter(([, value]) => value !== undefined);
    if (samples.length === 0) continue;
    lines.push(`# HELP vaportrail_${name} ${metric.help}`, `# TYPE vaportrail_${name} ${metric.type}`);
    for (const [labels, value] of samples) lines.push(`vaportrail_${name}${labelsText(labels)} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
