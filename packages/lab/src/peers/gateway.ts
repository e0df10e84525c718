/** Our own gateway as a peer of the lab, asked through the same views as everybody asks. */
import {
  fetchView,
  postAction,
  runCommand,
  type NeighborView,
  type PathView,
  type RouteView,
} from '@vaportrail/show';
import type { Daemon } from '../daemon.ts';
import type { Peer, PeerPath, Shown } from './peer.ts';

export interface GatewayPeerSettings<Config> {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The VRF asked about. */
  readonly vrf: string;
  readonly gateway: Daemon<Config>;
  /** The configuration with the multipath knob of the VRF set or not. */
  readonly config: (multipath: boolean) => Config;
}

export class GatewayPeer<Config> implements Peer {
  readonly kind = 'gateway';
  readonly title: string;
  readonly address: string;
  readonly port: number;
  readonly access: string;
  readonly #settings: GatewayPeerSettings<Config>;

  /** A gateway that has been started already. */
  constructor(settings: GatewayPeerSettings<Config>) {
    this.#settings = settings;
    this.address = settings.address;
    this.port = settings.port;
    this.access = `npx vaportrail cli show route table ${settings.vrf}.inet.0 detail`;
    this.title = `${settings.name}, the gateway of this suite, at ${this.address}:${this.port}`;
  }

  async paths(prefix: string): Promise<PeerPath[]> {
    return (await this.#routes(prefix)).flatMap((route) =>
      route.paths.filter((path) => path.protocol === 'bgp').map((path) => gatewayPath(path, route.prefix)),
    );
  }

  async established(neighbor: string): Promise<boolean> {
    const neighbors = await fetchView<NeighborView[]>(this.url, '/neighbors');
    return neighbors.some((each) => each.address === neighbor && each.state === 'Established');
  }

  async show(prefix: string): Promise<Shown> {
    const line = `show route table ${this.#settings.vrf}.inet.0 ${prefix}`;
    const output = await runCommand(line, {
      view: (path, query) => fetchView(this.url, path, query),
      act: (path, body) => postAction(this.url, path, body),
    });
    return { command: `vaportrail cli ${line}`, output };
  }

  async setMultipath(on: boolean): Promise<string> {
    const { gateway, config, vrf } = this.#settings;
    await gateway.reload(config(on));
    return `${on ? 'set' : 'delete'} routing-instances ${vrf} routing-options multipath vpn-unequal-cost`;
  }

  /** Ends the gateway. */
  async stop(): Promise<void> {
    await this.#settings.gateway.stop();
  }

  /** Where it serves its views. */
  get url(): string {
    const { url } = this.#settings.gateway;
    if (url === undefined) throw new Error(`${this.#settings.name} serves no views`);
    return url;
  }

  #routes(prefix: string): Promise<RouteView[]> {
    return fetchView<RouteView[]>(this.url, '/routes', { table: `${this.#settings.vrf}.inet.0`, prefix });
  }
}

function gatewayPath(path: PathView, prefix: string): PeerPath {
  return {
    rd: path.routeDistinguisher ?? null,
    prefix,
    nextHop: path.nextHop ?? '0.0.0.0',
    label: path.label ?? null,
    routeTargets: [...(path.routeTargets ?? [])].sort(),
    localPref: path.localPref ?? null,
    med: path.med ?? null,
    best: path.best,
    multipath: path.multipath,
    reason: path.because ?? path.notBest?.reason ?? null,
  };
}
