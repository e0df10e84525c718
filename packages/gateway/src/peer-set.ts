/** The BGP peers of a gateway: made, replaced and let go as the configuration says, and found by address, name or source. */
import { type Listener, PeerRanges, type Session } from '@vaportrail/bgp';
import type { Source, Table } from '@vaportrail/rib';
import { dynamicPeer, dynamicPeersOf, dynamicRange, type GatewayNeighborView } from '@vaportrail/show';
import { BgpPeer, type PeerOwner } from './bgp-peer.ts';
import type { DynamicPeersConfig, GatewayConfig, PeerConfig } from './config.ts';

/** Peers by address and port; they connect to the listener that it was given. */
export class PeerSet {
  readonly #owner: PeerOwner;
  readonly #listener: Listener;
  readonly #peers = new Map<string, BgpPeer>();
  readonly #ranges: PeerRanges<DynamicPeersConfig>;

  /** @param listener takes the connections of those peers that connect to us */
  constructor(owner: Omit<PeerOwner, 'forgotten'>, listener: Listener) {
    this.#owner = { ...owner, forgotten: (peer) => this.#forgotten(peer) };
    this.#listener = listener;
    this.#ranges = new PeerRanges(listener);
  }

  /** How many there are, those that came by prefix included. */
  get size(): number {
    return this.#peers.size;
  }

  /** In the order of the configuration, then those that came by prefix. */
  [Symbol.iterator](): Iterator<BgpPeer> {
    return this.#peers.values();
  }

  /**
   * Lets go of peers that the configuration has no more or has otherwise, and makes those it has now; others are not touched.
   * @returns the new ones, not started, and the ends of the sessions of the old
   */
  configure(bgp: GatewayConfig['bgp']): { made: BgpPeer[]; ended: Promise<void>[] } {
    const { peers, listen, 'dynamic-peers': dynamic } = bgp;
    const [made, ended]: [BgpPeer[], Promise<void>[]] = [[], []];
    const wanted = new Map(peers.map((peer) => [peerKey(peer), peer]));
    for (const [key, peer] of this.#peers) {
      const now = wanted.get(key) ?? wantedOfDynamic(peer.config, bgp);
      if (now !== undefined && JSON.stringify(now) === JSON.stringify(peer.config)) continue;
      this.#listener.remove(peer.session);
      this.#peers.delete(key);
      ended.push(peer.stop(now === undefined ? 'peer deconfigured' : 'configuration changed'));
    }
    for (const [key, config] of wanted) {
      if (this.#peers.has(key)) continue;
      const peer = this.#make(config);
      if (listen.length > 0) this.#listener.add(peer.session);
      made.push(peer);
    }
    this.#ranges.configure(dynamic, (settings) => ({
      ...dynamicRange(settings),
      create: (address) => this.#make(dynamicPeer(settings, address)).session,
      left: (session) => this.#left(session),
    }));
    return { made, ended };
  }

  #make(config: PeerConfig): BgpPeer {
    const peer = new BgpPeer(config, this.#owner);
    this.#peers.set(peerKey(config), peer);
    return peer;
  }

  /** A peer that came by prefix has hung up. Yields whether it is expected back, as its paths are kept. */
  #left({ config: { peer } }: Session): boolean {
    const key = dynamicKey(peer.address);
    if (this.#peers.get(key)?.source !== undefined) return true;
    this.#peers.delete(key);
    return false;
  }

  /** Of a peer that came by prefix and is away nothing is left but its place. */
  #forgotten({ config, session }: BgpPeer): void {
    const key = peerKey(config);
    if (config.dynamic === undefined || session.isConnected) return;
    if (this.#peers.get(key)?.session === session) this.#peers.delete(key);
    this.#listener.remove(session);
    void session.stop();
  }

  /** Has all of them connect. */
  start(): void {
    for (const peer of this.#peers.values()) peer.start();
  }

  /** Tells all of them that this is the end. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#peers.values(), (peer) => peer.stop()));
  }

  /** Whose paths are those of a source. */
  ofSource(source: Source): BgpPeer | undefined {
    for (const peer of this.#peers.values()) if (peer.source === source) return peer;
    return undefined;
  }

  /** The first that is called so. @param name a name or an address */
  named(name: string): BgpPeer | undefined {
    for (const peer of this.#peers.values())
      if (peer.name === name || peer.config.address === name) return peer;
    return undefined;
  }

  /** What operators see of each. @param sources everybody who may have the best path of a route */
  views(sources: readonly Source[]): GatewayNeighborView[] {
    const counted = new Map<Table, ReadonlyMap<Source, number>>();
    const active = (table: Table, source: Source): number => {
      let counts = counted.get(table);
      if (counts === undefined) counted.set(table, (counts = table.bestOf(sources)));
      return counts.get(source) ?? 0;
    };
    return Array.from(this.#peers.values(), (peer) => peer.view(active));
  }
}

function peerKey({ address, port, dynamic }: PeerConfig): string {
  return dynamic === undefined ? `${address} ${port}` : dynamicKey(address);
}

function dynamicKey(address: string): string {
  return `${address} dynamic`;
}

/** What a peer that came by prefix is to have now; nothing when it may not any more, or has an entry of its own. */
function wantedOfDynamic(
  { address, dynamic }: PeerConfig,
  { peers, 'dynamic-peers': all }: GatewayConfig['bgp'],
): PeerConfig | undefined {
  if (dynamic === undefined || peers.some((peer) => peer.address === address)) return undefined;
  const settings = dynamicPeersOf(all, address);
  return settings && dynamicPeer(settings, address);
}
