/**
 * Ingress replication of EVPN: an agent that says by an inclusive multicast route that it takes part in a network's
 * broadcast is told to whom it must send a copy of what its workloads broadcast: the other routers that said so. It gets
 * its own route back with them as `olist`; the routes of the others it does not get.
 *
 * A list has every other router in it, so a change is told to all. Agents are told the latest state, once per turn, and one
 * that does not read is told when it does again.
 * @see RFC 7432 §11
 */
import type { Path, Route, Table } from '@vaportrail/rib';
import { type EnetKey, type NextHop, enetItemId, itemsBodies, retractsBodies } from '@vaportrail/xmpp';

import { enetKey, isInclusiveMulticast } from './evpn-route.ts';
import { type ItemTable, reflectedEvpnPath } from './item-writer.ts';
import { reflectedEnetAttributes } from './reflected-item.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** A router that takes part in the broadcast of an Ethernet tag. */
interface Participant {
  readonly key: EnetKey;
  readonly hop: NextHop;
  readonly paths: readonly Path[];
}

/** An agent that wants to be told. */
interface Listener {
  /** Ids of the items it has been sent. */
  readonly told: Set<string>;
}

/** An agent's part in the lists; the same as its part in a group of items. */
export interface ListMembership {
  /** It has read what was queued for it. */
  ready(): void;
  /** Tells it everything again. */
  refresh(): void;
  leave(): void;
}

export class ReplicationLists {
  readonly #table: ItemTable;
  readonly #unfollow: () => void;
  /** By the id of the route's item. */
  readonly #participants = new Map<string, Participant>();
  readonly #listeners = new Map<XmppPeer, Listener>();
  /** Agents whose lists may have changed. */
  readonly #waiting = new Set<XmppPeer>();
  #isScheduled = false;

  constructor(routes: Table, table: ItemTable) {
    this.#table = table;
    this.#unfollow = routes.follow({ changed: (route) => this.#changed(route) });
  }

  /** Forgets everything; nobody is told anything any more. */
  close(): void {
    this.#unfollow();
    this.#participants.clear();
    this.#listeners.clear();
    this.#waiting.clear();
  }

  /** An agent wants its lists. */
  join(peer: XmppPeer): ListMembership {
    const listener: Listener = { told: new Set() };
    this.#listeners.set(peer, listener);
    this.#tell([peer]);
    return {
      ready: () => {
        if (this.#waiting.has(peer)) this.#tell([]);
      },
      refresh: () => this.#tell([peer]),
      leave: () => {
        if (this.#listeners.get(peer) === listener) this.#listeners.delete(peer);
      },
    };
  }

  #changed(route: Route): void {
    const key = enetKey(route.nlri!);
    if (key === undefined || !isInclusiveMulticast(key)) return;
    const id = enetItemId(key);
    const [best] = route.multipath;
    if (best === undefined) this.#participants.delete(id);
    else {
      const { nextHops } = reflectedEnetAttributes([reflectedEvpnPath(best, this.#table)]);
      this.#participants.set(id, { key, hop: nextHops[0]!, paths: route.paths });
    }
    this.#tell(this.#listeners.keys());
  }

  #tell(peers: Iterable<XmppPeer>): void {
    for (const peer of peers) this.#waiting.add(peer);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      for (const peer of this.#waiting) {
        const listener = this.#listeners.get(peer);
        if (listener !== undefined && peer.isCongested) continue;
        this.#waiting.delete(peer);
        if (listener !== undefined) this.#send(peer, listener);
      }
    });
  }

  #send(peer: XmppPeer, { told }: Listener): void {
    const { instance } = this.#table;
    const gone = new Set(told);
    for (const [id, { key, paths }] of this.#participants) {
      const own = paths.find(({ source }) => source === peer.source);
      if (own === undefined) continue;
      gone.delete(id);
      told.add(id);
      const attributes = reflectedEnetAttributes([reflectedEvpnPath(own, this.#table)]);
      const olist = [...this.#participants].flatMap(
        ([
          other,
          {
            key: { ethernetTag },
            hop,
          },
        ]) => (other === id || ethernetTag !== key.ethernetTag ? [] : [hop]),
      );
      const item = { family: 'e-vpn' as const, ...key, flags: 0, attributes: { ...attributes, olist } };
      peer.send({ bodies: itemsBodies('e-vpn', instance, [item]), reach: 1, unreach: 0 });
    }
    for (const id of gone) told.delete(id);
    if (gone.size === 0) return;
    peer.send({ bodies: retractsBodies('e-vpn', instance, [...gone]), reach: 0, unreach: gone.size });
  }
}
