/** The routes of anything that can be compared: a running daemon, a live FRR or GoBGP, an MRT file, what a router printed. */
import { MrtPathReader } from '@vaportrail/bgp/mrt';
import { readMrt } from '@vaportrail/bgp/mrt-file';
import { fetchView, findRouters, type RouteView } from '@vaportrail/show';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { UsageError } from '../command.ts';
import { endpointOf, type Target } from '../endpoint.ts';
import { attributesOf, routeKey, sorted, type ComparedPath } from './compared-path.ts';
import { readFrrJson } from './frr-json.ts';
import { readGobgpJson } from './gobgp-json.ts';

const run = promisify(execFile);
const MAX_ANSWER = 512 * 1024 * 1024;
/** Routes asked of a daemon. */
const MAX_ROUTES = 1_000_000;

export interface RibQuery {
  /** Name of the table of a daemon, or of the view in an MRT file. */
  readonly table: string;
  readonly prefix?: string | undefined;
}

/**
 * Reads the routes that a name stands for: a file, `frr` or `frr:FOLDER` (of the vty socket), `gobgp` or
 * `gobgp:ADDRESS[:PORT]`, or the name or address of one of our daemons.
 * @throws UsageError when nothing is called so or what it holds is not understood
 */
export async function readRib(name: string, query: RibQuery): Promise<ComparedPath[]> {
  const [, kind, at] = /^(frr|gobgp)(?::(.+))?$/.exec(name) ?? [];
  const paths =
    kind === 'frr'
      ? await liveFrr(at ?? routerOf('frr'), query)
      : kind === 'gobgp'
        ? await liveGobgp(at ?? routerOf('gobgp'))
        : existsSync(name)
          ? await readFile(name, query)
          : await liveDaemon(name, query);
  const { prefix } = query;
  return prefix === undefined
    ? paths
    : paths.filter(({ route }) => route === prefix || route.endsWith(`:${prefix}`));
}

/** @throws UsageError when no such router of a lab runs here */
function routerOf(kind: 'frr' | 'gobgp'): string {
  const found = findRouters().find((router) => router.kind === kind);
  if (found !== undefined) return found.at;
  const example = kind === 'frr' ? 'frr:/var/run/frr' : 'gobgp:127.0.0.1:50051';
  throw new UsageError(`no ${kind} of a lab runs here; name one as ${example}`);
}

/** Asks FRR: one prefix tells everything, a whole table less. */
async function liveFrr(folder: string, { table, prefix }: RibQuery): Promise<ComparedPath[]> {
  const family = table.includes('vpn') ? 'vpn' : 'unicast';
  const ip = table.endsWith('6.0') ? 'ipv6' : 'ipv4';
  const command = `show bgp ${ip} ${family}${prefix === undefined ? '' : ` ${prefix}`} json`;
  const args = ['--config_dir', folder, '--vty_socket', folder, '-c', command];
  const { stdout } = await run('vtysh', args, { maxBuffer: MAX_ANSWER });
  const paths = readFrrJson(JSON.parse(stdout || '{}'));
  if (paths === undefined) throw new UsageError(`FRR's answer to "${command}" is not understood`);
  return paths;
}

async function liveGobgp(at: string): Promise<ComparedPath[]> {
  const [address, port = '50051'] = at.split(':') as [string, string?];
  const args = ['-u', address, '-p', port, 'global', 'rib', '-a', 'vpnv4', '-j'];
  const { stdout } = await run('gobgp', args, { maxBuffer: MAX_ANSWER });
  if (stdout.trim() === '' || stdout.trim() === '{}') return [];
  const paths = readGobgpJson(JSON.parse(stdout));
  if (paths === undefined) throw new UsageError("GoBGP's answer is not understood");
  return paths;
}

async function liveDaemon(name: string, { table, prefix }: RibQuery): Promise<ComparedPath[]> {
  const { url, query } = daemonCalled(name);
  const routes = await fetchView<RouteView[]>(url, '/routes', {
    ...query,
    table,
    prefix,
    limit: MAX_ROUTES,
  });
  return routes.flatMap(ofRouteView);
}

/** @throws UsageError when there is none; there is no file of this name either */
function daemonCalled(name: string): Target {
  try {
    return endpointOf(['control-node', 'gateway', 'agent'], name);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`there is no file ${name}, and ${error.message}`, { cause: error });
  }
}

function ofRouteView({ prefix, paths }: RouteView): ComparedPath[] {
  return paths.map((path) => ({
    route: prefix,
    nextHop: path.nextHop ?? '',
    best: path.best,
    attributes: attributesOf({
      label: path.label,
      localPref: path.localPref,
      med: path.med,
      origin: path.origin,
      asPath: path.asPath,
      communities: sorted(path.communities),
      routeTargets: sorted(path.routeTargets),
    }),
  }));
}

/** Finds out by its first octets what a file is. */
async function readFile(path: string, query: RibQuery): Promise<ComparedPath[]> {
  const head = readFileSync(path).subarray(0, 4096);
  const text = head.toString('utf8').trimStart();
  if (text.startsWith('{') || text.startsWith('[')) return readJson(path);
  if (/^(BIRD|Table|\d+-|\d+\.\d+\.\d+\.\d+)/.test(text)) return readBird(readFileSync(path, 'utf8'));
  return readMrtFile(path, query.table);
}

function readJson(path: string): ComparedPath[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  if (
    Array.isArray(json) &&
    json.every((each) => typeof each === 'object' && each !== null && 'paths' in each)
  )
    return (json as RouteView[]).flatMap(ofRouteView);
  const paths = readGobgpJson(json) ?? readFrrJson(json);
  if (paths === undefined)
    throw new UsageError(`${path}: JSON that neither FRR, GoBGP nor this suite prints`);
  return paths;
}

async function readBird(text: string): Promise<ComparedPath[]> {
  // Loaded when it is needed: the lab brings everything along, and `why` is asked more often than BIRD's text is read.
  const { parseBirdRoutes } = await import('@vaportrail/lab');
  return parseBirdRoutes(text).map((path) => ({
    route: routeKey(path.rd, path.prefix),
    nextHop: path.nextHop,
    best: path.best,
    attributes: attributesOf({
      label: path.label,
      localPref: path.localPref,
      med: path.med,
      routeTargets: path.routeTargets.join(' '),
    }),
  }));
}

async function readMrtFile(path: string, table: string): Promise<ComparedPath[]> {
  const reader = new MrtPathReader();
  const paths: ComparedPath[] = [];
  for await (const record of readMrt(path)) {
    for (const found of reader.read(record)) {
      if (found.type !== 'route' || found.prefix === undefined) continue;
      // Files of this suite hold several tables, each with its name; others have one without a name.
      if (reader.view !== '' && reader.view !== table) continue;
      paths.push({
        route: found.prefix,
        nextHop: found.nextHop ?? '',
        attributes: attributesOf({
          label: found.label,
          localPref: found.localPref,
          med: found.med,
          origin: found.origin,
          asPath: found.asPath,
          communities: sorted(found.communities),
          routeTargets: sorted(found.routeTargets),
        }),
      });
    }
  }
  return paths;
}
