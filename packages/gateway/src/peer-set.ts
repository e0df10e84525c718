/** The BGP peers of a gateway: made, replaced and let go as the configuration says, and found by address, name or source. */
import type { Listener } from '@vaportrail/bgp';
import type { Source, Table } from '@vaportrail/rib';
import type { GatewayNeighborView } from '@vaportrail/show';
import { BgpPeer, type PeerOwner } from './bgp-peer.ts';
import type { GatewayConfig, PeerConfig } from './config.ts';

export class PeerSet {
  readonly #owner: PeerOwner;
  readonly #listener: Listener;
  readonly #peers = new Map<string, BgpPeer>();

  /** @param listener takes the connections of those peers that connect to us */
  constructor(owner: PeerOwner, listener: Listener) {
    this.#owner = owner;
    this.#listener = listener;
  }

  get size(): number {
    return this.#peers.size;
  }

  [Symbol.iterator](): Iterator<BgpPeer> {
    return this.#peers.values();
  }

  /**
   * Lets go of peers that the configuration has no more or has otherwise, and makes those it has now; others are not touched.
   * @returns the new ones, not started, and the ends of the sessions of the old
   */
  configure({ peers, listen }: GatewayConfig['bgp']): { made: BgpPeer[]; ended: Promise<void>[] } {
    const [made, ended]: [BgpPeer[], Promise<void>[]] = [[], []];
    const wanted = new Map(peers.map((peer) => [peerKey(peer), peer]));
    for (const [key, peer] of this.#peers) {
      const now = wanted.get(key);
      if (now !== undefined && JSON.stringify(now) === JSON.stringify(peer.config)) continue;
      this.#listener.remove(peer.session);
      this.#peers.delete(key);
      ended.push(peer.stop(now === undefined ? 'peer deconfigured' : 'configuration changed'));
    }
    for (const [key, config] of wanted) {
      if (this.#peers.has(key)) continue;
      const peer = new BgpPeer(config, this.#owner);
      this.#peers.set(key, peer);
      if (listen.length > 0) this.#listener.add(peer.session);
      made.push(peer);
    }
    return { made, ended };
  }

  start(): void {
    for (const peer of this.#peers.values()) peer.start();
  }

  /** Tells all of them that this is the end. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#peers.values(), (peer) => peer.stop()));
  }

  ofSource(source: Source): BgpPeer | undefined {
    for (const peer of this.#peers.values()) if (peer.source === source) return peer;
    return undefined;
  }

  /** @param name a name or an address */
  named(name: string): BgpPeer | undefined {
    for (const peer of this.#peers.values())
      if (peer.name === name || peer.config.address === name) return peer;
    return undefined;
  }

  /** @param sources everybody who may have the best path of a route */
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

function peerKey({ address, port }: PeerConfig): string {
  return `${address} ${port}`;
}
