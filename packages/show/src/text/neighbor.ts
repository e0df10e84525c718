/** One neighbour in detail: a line for each thing that operators look for, in the order in which they do. */
import type { BgpSessionView, NeighborView, TrafficView } from '../views.ts';
import { durationText } from './plain.ts';
import { columns } from './table.ts';

/** @param now milliseconds, turns times into ages */
export function neighborText(view: NeighborView, now = Date.now()): string {
  const rows = Object.entries(lines).flatMap(([title, line]) => {
    const said = line(view, now);
    const texts = typeof said === 'string' ? [said] : (said ?? []);
    return texts.map((text, index) => `  ${(index === 0 ? title : '').padEnd(TITLE)}${text}`);
  });
  const asn = view.asn === undefined ? '' : `, AS ${view.asn}`;
  return [
    `${view.name} (${view.address}) by ${view.protocol.toUpperCase()}, ${view.type}${asn}`,
    ...rows,
    ...messageTable(view),
  ].join('\n');
}

const TITLE = 15;

type Line = (view: NeighborView, now: number) => string | readonly string[] | undefined;

/** What a line says; nothing where there is nothing to say. */
const lines = {
  State: ({ state, establishedAt, flaps, lastTransition }, now) => {
    const since = establishedAt ?? lastTransition?.at;
    const flapped = flaps === 0 ? 'never lost' : `lost ${flaps === 1 ? 'once' : `${flaps} times`}`;
    return `${state}${since === undefined ? '' : ` for ${age(since, now)}`}, ${flapped}`;
  },
  'Last reset': ({ session, lostAt, lastError }, now) => {
    const { at = lostAt, because = lastError } = session?.lastReset ?? {};
    return at === undefined ? undefined : `${age(at, now)} ago: ${because}`;
  },
  'No session': ({ state, lastError }) => (state === 'Established' ? undefined : lastError),
  'Router id': ({ routerId }) => routerId,
  'Local AS': ({ localAsn }) => localAsn?.toString(),
  Transport: ({ address, localAddress, port, passive, dynamic, authentication, session }) => {
    const { localPort, remotePort = port, ttlSecurity } = session ?? {};
    const from = localAddress === undefined ? '' : `${localAddress}${portText(localPort)} to `;
    return [
      `${from}${address}${portText(remotePort)}`,
      ...(dynamic === undefined ? [] : [`dynamic of ${dynamic}`]),
      ...(passive === true ? ['passive'] : []),
      ...(authentication === undefined || authentication === 'none' ? [] : [authentication.toUpperCase()]),
      ...(ttlSecurity === undefined ? [] : [`TTL security of ${ttlSecurity}`]),
    ].join(', ');
  },
  Timers: ({ holdTime, session }) => {
    if (holdTime === undefined) return undefined;
    return `hold time ${holdTime} s${session === undefined ? '' : timersText(session)}`;
  },
  Families: ({ families, endOfRib }) =>
    families?.map((family) => {
      const end = endOfRib?.[family];
      return `${family}${end === undefined ? '' : `, End-of-RIB ${end ? 'received' : 'awaited'}`}`;
    }),
  'We told': ({ session }) => session?.capabilitiesSent,
  'It told': ({ session }) => session?.capabilitiesReceived,
  Restart: ({ gracefulRestart }) => {
    if (gracefulRestart === undefined) return undefined;
    const { restartTime, families, longLivedTime, longLivedFamilies } = gracefulRestart;
    const longLived = longLivedFamilies.length === 0 && longLivedTime === 0;
    return [
      `routes are kept for ${restartTime} s ${families.join(' ')}`.trimEnd(),
      ...(longLived
        ? []
        : [`and as long-lived for ${longLivedTime} s ${longLivedFamilies.join(' ')}`.trimEnd()]),
    ];
  },
  Retention: ({ retention }) => {
    if (retention === undefined || retention.losses === 0) return undefined;
    const { state, losses, staled, longLivedStaled, sweeps, deletions } = retention;
    return `${state}; lost ${losses}, stale ${staled}, long-lived ${longLivedStaled}, swept ${sweeps}, deleted ${deletions}`;
  },
  Paths: ({ paths, prefixLimit, errors }) => {
    const limit = prefixLimit === undefined ? '' : ` of ${prefixLimit} allowed`;
    return `${paths}${limit}${errors === undefined || errors === 0 ? '' : `; ${errors} with something wrong`}`;
  },
  Told: ({ advertised }) => advertised?.toString(),
  Tables: ({ routingTables }) => (routingTables?.length === 0 ? undefined : routingTables),
  Subscriptions: ({ subscriptions }) =>
    subscriptions?.map(({ instance, instanceId, state }) => `${instance} as ${instanceId}, ${state}`),
  Backlog: ({ backlog }) => (backlog === 0 ? undefined : `${backlog} octets`),
} as const satisfies Record<string, Line>;

function timersText({ holdTimes: { ours, theirs }, keepalive, connectRetry }: BgpSessionView): string {
  const offered = theirs === undefined ? '' : ` (ours ${ours}, its ${theirs})`;
  return `${offered}${keepalive === undefined ? '' : `, keepalive ${keepalive} s`}, connect retry ${connectRetry} s`;
}

function messageTable({ received, sent, session }: NeighborView): string[] {
  const rows = [
    { way: 'received', traffic: received, refreshes: session?.refreshesReceived },
    { way: 'sent', traffic: sent, refreshes: session?.refreshesSent },
  ];
  const count = (title: string, key: keyof TrafficView) =>
    ({
      title,
      cell: ({ traffic }: { traffic: TrafficView }) => traffic[key],
      align: 'right',
    }) as const;
  const text = columns<(typeof rows)[number]>(
    [
      { title: '', cell: ({ way }) => way },
      count('Messages', 'messages'),
      count('Octets', 'octets'),
      count('Opens', 'opens'),
      count('Updates', 'updates'),
      count('Keepalives', 'keepalives'),
      count('Notifications', 'notifications'),
      { title: 'Refreshes', cell: ({ refreshes }) => refreshes, align: 'right' },
      count('Reach', 'reach'),
      count('Unreach', 'unreach'),
    ],
    rows,
  );
  return text.split('\n').map((line) => `  ${line}`);
}

function age(since: string, now: number): string {
  return durationText((now - Date.parse(since)) / 1000);
}

function portText(port: number | undefined): string {
  return port === undefined ? '' : ` port ${port}`;
}
