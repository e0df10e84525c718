/** The BGP peers of a control node, made what a configuration says, and where they connect. */
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Listener, type PeerRange, PeerRanges, type Session } from '@vaportrail/bgp';
import { NotificationError, ceaseSubcode, errorCode } from '@vaportrail/bgp/wire';
import {
  type LogBudget,
  type NeighborView,
  dynamicPeer,
  dynamicPeersOf,
  dynamicRange,
} from '@vaportrail/show';

import { BgpPeer, type BgpPeerOwner } from './bgp-peer.ts';
import type { BgpPeerConfig, ControlNodeConfig, DynamicPeersConfig } from './config.ts';
import { type Bound, listening } from './listening.ts';

/** What the peers need of the node, whose configuration comes with {@link BgpPeers.configure}. */
export interface BgpPeersOwner extends Omit<BgpPeerOwner, 'config' | 'log' | 'forgotten'> {
  /** For what peers cause. */
  readonly budget: LogBudget;
}

/** Peers by address, beside the sockets they connect to. */
export class BgpPeers {
  readonly #owner: BgpPeersOwner;
  readonly #listener: Listener;
  readonly #peers = new Map<string, BgpPeer>();
  readonly #addresses: Bound[] = [];
  readonly #ranges: PeerRanges<DynamicPeersConfig>;

  constructor(owner: BgpPeersOwner) {
    this.#owner = owner;
    const { clock, budget } = owner;
    this.#listener = new Listener({
      clock,
      refused: (address, because) => budget.of(address).info({ address, because }, 'BGP connection refused'),
    });
    this.#ranges = new PeerRanges(this.#listener);
  }

  /** In the order of the configuration, then those that came by prefix. */
  [Symbol.iterator](): IterableIterator<BgpPeer> {
    return this.#peers.values();
  }

  /** Lets peers connect. @throws Error naming the address that is in use or not of this machine */
  async listen(addresses: readonly Bound[]): Promise<void> {
    for (const at of addresses) this.#addresses.push(await listening('BGP', at, this.#listener.listen(at)));
  }

  /** Where peers connect, one for each address listened on. */
  get addresses(): readonly Bound[] {
    return this.#addresses;
  }

  /** Takes a connection of a peer that is there already. */
  adopt(socket: Socket): void {
    this.#listener.adopt(socket);
  }

  /** Peers come, go and are made anew until they are those of a configuration; what did not change is not touched. */
  async configure(config: ControlNodeConfig): Promise<void> {
    // First: whoever may not come any more could be back while the others are waited for.
    this.#ranges.configure(config.bgp['dynamic-peers'], (settings) => this.#range(settings, config));
    const wanted = new Map<string, BgpPeerConfig>(config.bgp.peers.map((peer) => [peer.address, peer]));
    for (const [address, peer] of this.#peers) {
      const now = wanted.get(address) ?? wantedOfDynamic(peer.config, config);
      if (isDeepStrictEqual(now, peer.config)) wanted.delete(address);
      else {
        this.#peers.delete(address);
        this.#listener.remove(peer.session);
        await peer.stop(new NotificationError(errorCode.cease, farewell(now)));
      }
    }
    for (const peer of wanted.values()) this.#add(peer, config);
  }

  #range(settings: DynamicPeersConfig, config: ControlNodeConfig): PeerRange {
    return {
      ...dynamicRange(settings),
      create: (address) =>
        this.#make({ ...dynamicPeer(settings, address), 'admin-down': false }, config).session,
      left: (session) => this.#left(session),
    };
  }

  /** Ends every session, with a text for the other operators, and listens no more. */
  async stop(why: string): Promise<void> {
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all([...peers.map((peer) => peer.stop(why)), this.#listener.close()]);
  }

  /** What operators see of each, in the order of the iteration. */
  views(): NeighborView[] {
    return Array.from(this, (peer) => peer.view());
  }

  #add(peerConfig: BgpPeerConfig, config: ControlNodeConfig): void {
    const peer = this.#make(peerConfig, config);
    this.#listener.add(peer.session);
    peer.start();
  }

  #make(peerConfig: BgpPeerConfig, config: ControlNodeConfig): BgpPeer {
    const peer = new BgpPeer(peerConfig, {
      ...this.#owner,
      config,
      log: this.#owner.budget.of(peerConfig.address),
      forgotten: (gone) => this.#forgotten(gone),
    });
    this.#peers.set(peerConfig.address, peer);
    return peer;
  }

  /** A peer that came by prefix has hung up. Yields whether it keeps its place. */
  #left({ config: { peer } }: Session): boolean {
    if (this.#peers.get(peer.address)?.isExpected === true) return true;
    this.#peers.delete(peer.address);
    return false;
  }

  /** Of a peer that came by prefix and is away nothing is left but its place. */
  #forgotten(peer: BgpPeer): void {
    const { config, session } = peer;
    if (config.dynamic === undefined || session.isConnected || peer.isExpected) return;
    if (this.#peers.get(config.address) === peer) this.#peers.delete(config.address);
    this.#listener.remove(session);
    void session.stop();
  }
}

/** What a peer that came by prefix is to have now; nothing when it may not any more. */
function wantedOfDynamic(
  { address, dynamic }: BgpPeerConfig,
  { bgp }: ControlNodeConfig,
): BgpPeerConfig | undefined {
  const settings = dynamic === undefined ? undefined : dynamicPeersOf(bgp['dynamic-peers'], address);
  return settings && { ...dynamicPeer(settings, address), 'admin-down': false };
}

/** The Cease for a peer whose configuration is now this one. @see RFC 4486 §4 */
function farewell(now: BgpPeerConfig | undefined): number {
  if (now === undefined) return ceaseSubcode.peerDeconfigured;
  return now['admin-down'] ? ceaseSubcode.administrativeShutdown : ceaseSubcode.otherConfigurationChange;
}
