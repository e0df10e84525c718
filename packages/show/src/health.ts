/** What machines ask of a daemon: metrics, whether it lives, whether it is ready. */
import { ViewError, type ViewServer } from './server.ts';
import { METRICS_CONTENT_TYPE, metricsText } from './text/metrics.ts';
import type { DaemonView, NeighborView, TableView } from './views.ts';

export interface Measurable {
  daemon(): DaemonView;
  neighbors(): readonly NeighborView[];
  tables(): readonly TableView[];
}

/**
 * Adds `/metrics` (Prometheus), `/health` (200 while the daemon answers at all) and `/ready`: 200 as soon as a session
 * is established or there is none to wait for, 503 before.
 */
export function serveHealth(server: ViewServer, daemon: Measurable): ViewServer {
  return serveProbes(server, () => daemon.neighbors()).page('/metrics', () => ({
    contentType: METRICS_CONTENT_TYPE,
    body: metricsText({
      daemon: daemon.daemon(),
      neighbors: daemon.neighbors(),
      tables: daemon.tables(),
      memory: process.memoryUsage(),
      cpuSeconds: cpuSeconds(),
      now: Date.now(),
    }),
  }));
}

/** Adds `/health` and `/ready` alone, for daemons without metrics. */
export function serveProbes(server: ViewServer, neighbors: () => readonly NeighborView[]): ViewServer {
  return server
    .view('/health', () => ({ status: 'ok', uptime: Math.floor(process.uptime()) }))
    .view('/ready', () => {
      const all = neighbors();
      const established = all.filter(({ state }) => state === 'Established').length;
      if (all.length > 0 && established === 0)
        throw new ViewError(503, `none of ${all.length} sessions is established`);
      return { status: 'ready', established, neighbors: all.length };
    });
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
