/** The load balancers of a node, each with a proxy of its own. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@vaportrail/net';
import type { LoadBalancerMemberView, LoadBalancerView, Log } from '@vaportrail/show';
import type { HaproxyConfig, LoadBalancerConfig } from './config.ts';
import { Haproxy } from './haproxy.ts';
import { askHaproxy, readStatistics, type StatisticsRow } from './haproxy-statistics.ts';

export interface LoadBalancersOptions {
  /** Undefined on a node that runs no proxies. */
  readonly haproxy: HaproxyConfig | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when {@link LoadBalancers.withheld} has another answer. */
  readonly changed: () => void;
}

interface Entry {
  config: LoadBalancerConfig;
  readonly proxy: Haproxy | undefined;
}

export class LoadBalancers {
  readonly #options: LoadBalancersOptions;
  readonly #entries = new Map<string, Entry>();
  /** Proxies on their way out. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: LoadBalancersOptions) {
    this.#options = options;
  }

  /** Names of interfaces that must not be published, because nobody would answer at their address. */
  withheld(): Set<string> {
    const silent = [...this.#entries.values()].filter(({ proxy }) => proxy?.serving !== true);
    return new Set(silent.map(({ config }) => config.interface));
  }

  /** Load balancers come, change and go until they are these. */
  reconcile(wanted: readonly LoadBalancerConfig[]): void {
    const uuids = new Set(wanted.map(({ uuid }) => uuid));
    for (const [uuid, { proxy }] of this.#entries) {
      if (uuids.has(uuid)) continue;
      this.#entries.delete(uuid);
      if (proxy !== undefined) this.#leave(uuid, proxy);
    }
    for (const config of wanted) {
      const { uuid } = config;
      const present = this.#entries.get(uuid);
      if (present !== undefined && isDeepStrictEqual(present.config, config)) continue;
      const entry = present ?? { config, proxy: this.#proxy(uuid) };
      entry.config = config;
      this.#entries.set(uuid, entry);
      // The same load balancer may be on its way out still; its folder and addresses must be gone first.
      const leaving = this.#leaving.get(uuid);
      if (leaving === undefined) entry.proxy?.apply(config);
      else void leaving.then(() => this.#entries.get(uuid) === entry && entry.proxy?.apply(entry.config));
    }
  }

  /** Ends every proxy. */
  async stop(): Promise<void> {
    this.reconcile([]);
    await Promise.all(this.#leaving.values());
  }

  /** What is configured, and what the proxies say of it. */
  views(): Promise<LoadBalancerView[]> {
    return Promise.all([...this.#entries.values()].map(view));
  }

  #proxy(uuid: string): Haproxy | undefined {
    const { haproxy, clock, log, changed } = this.#options;
    if (haproxy === undefined) {
      log.warn(
        { loadbalancer: uuid },
        'a load balancer is given to this node, which has no "haproxy" settings',
      );
      return undefined;
    }
    const child = log.child({ loadbalancer: uuid });
    return new Haproxy(uuid, { config: haproxy, clock, log: child, changed });
  }

  #leave(uuid: string, proxy: Haproxy): void {
    const left = proxy
      .stop()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'haproxy could not be ended'))
      .finally(() => this.#leaving.delete(uuid));
    this.#leaving.set(uuid, left);
  }
}

async function view({ config, proxy }: Entry): Promise<LoadBalancerView> {
  const answer = proxy?.serving === true ? await askHaproxy(proxy.socket, 'show stat').catch(() => '') : '';
  const rows = new Map(readStatistics(answer).map((row) => [`${row.proxy} ${row.server}`, row]));
  return {
    uuid: config.uuid,
    name: config.name,
    address: config.address,
    interface: config.interface,
    state: stateOf(proxy),
    ...(proxy?.pid !== undefined && { pid: proxy.pid }),
    restarts: proxy?.restarts ?? 0,
    reloads: proxy?.reloads ?? 0,
    problems: [
      ...(proxy === undefined ? ['the agent has no "haproxy" settings'] : []),
      ...(proxy?.lastError === undefined ? [] : [proxy.lastError]),
      ...config.problems,
    ],
    listeners: config.listeners.map(({ uuid, protocol, port, pool }) => ({
      uuid,
      protocol,
      port,
      method: pool.method,
      ...counters(rows.get(`${uuid} FRONTEND`)),
      members: pool.members.map((member): LoadBalancerMemberView => {
        const row = rows.get(`${pool.uuid} ${member.uuid}`);
        return {
          uuid: member.uuid,
          address: member.address,
          port: member.port,
          weight: row?.weight ?? member.weight,
          status: row?.status ?? 'unknown',
          ...(row !== undefined && row.lastCheck !== '' && { lastCheck: row.lastCheck }),
          ...(row !== undefined && { since: row.since, failedChecks: row.failedChecks }),
          ...counters(row),
        };
      }),
    })),
  };
}

function stateOf(proxy: Haproxy | undefined): LoadBalancerView['state'] {
  if (proxy === undefined) return 'not run';
  if (!proxy.serving) return 'down';
  return proxy.loading ? 'loading' : 'serving';
}

function counters(row: StatisticsRow | undefined) {
  return {
    sessions: row?.sessions ?? 0,
    sessionsTotal: row?.sessionsTotal ?? 0,
    octetsIn: row?.octetsIn ?? 0,
    octetsOut: row?.octetsOut ?? 0,
    errors: row?.errors ?? 0,
  };
}
