/** The BGP peers of a control node, made what a configuration says, and where they connect. */
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Listener } from '@vaportrail/bgp';
import { NotificationError, ceaseSubcode, errorCode } from '@vaportrail/bgp/wire';
import type { LogBudget, NeighborView } from '@vaportrail/show';

import { BgpPeer, type BgpPeerOwner } from './bgp-peer.ts';
import type { BgpPeerConfig, ControlNodeConfig } from './config.ts';
import { type Bound, listening } from './listening.ts';

/** What the peers need of the node, whose configuration comes with {@link BgpPeers.configure}. */
export interface BgpPeersOwner extends Omit<BgpPeerOwner, 'config' | 'log'> {
  /** For what peers cause. */
  readonly budget: LogBudget;
}

export class BgpPeers {
  readonly #owner: BgpPeersOwner;
  readonly #listener: Listener;
  readonly #peers = new Map<string, BgpPeer>();
  readonly #addresses: Bound[] = [];

  constructor(owner: BgpPeersOwner) {
    this.#owner = owner;
    const { clock, budget } = owner;
    this.#listener = new Listener({
      clock,
      refused: (address, because) => budget.of(address).info({ address, because }, 'BGP connection refused'),
    });
  }

  /** In the order of the configuration. */
  [Symbol.iterator](): IterableIterator<BgpPeer> {
    return this.#peers.values();
  }

  /** @throws Error naming the address that is in use or not of this machine */
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
    const wanted = new Map(config.bgp.peers.map((peer) => [peer.address, peer]));
    for (const [address, peer] of this.#peers) {
      if (isDeepStrictEqual(wanted.get(address), peer.config)) wanted.delete(address);
      else {
        this.#peers.delete(address);
        this.#listener.remove(peer.session);
        await peer.stop(new NotificationError(errorCode.cease, farewell(wanted.get(address))));
      }
    }
    for (const peer of wanted.values()) this.#add(peer, config);
  }

  /** Ends every session, with a text for the other operators, and listens no more. */
  async stop(why: string): Promise<void> {
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all([...peers.map((peer) => peer.stop(why)), this.#listener.close()]);
  }

  views(): NeighborView[] {
    return Array.from(this, (peer) => peer.view());
  }

  #add(peerConfig: BgpPeerConfig, config: ControlNodeConfig): void {
    const peer = new BgpPeer(peerConfig, {
      ...this.#owner,
      config,
      log: this.#owner.budget.of(peerConfig.address),
    });
    this.#peers.set(peerConfig.address, peer);
    this.#listener.add(peer.session);
    peer.start();
  }
}

/** The Cease for a peer whose configuration is now this one. @see RFC 4486 §4 */
function farewell(now: BgpPeerConfig | undefined): number {
  if (now === undefined) return ceaseSubcode.peerDeconfigured;
  return now['admin-down'] ? ceaseSubcode.administrativeShutdown : ceaseSubcode.otherConfigurationChange;
}
