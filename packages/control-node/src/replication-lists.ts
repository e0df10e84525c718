/**
 * Ingress replication of EVPN: an agent that says by an inclusive multicast route that it takes part in a network's
 * broadcast is told to whom it must send a copy of what its workloads broadcast: the other routers that said so. It gets
 * its own route back with them as `olist`; the routes of the others it does not get.
 *
 * A router that replicates for others gets these leaves as `leaf-olist`; a leaf is in no other list, and gets none.
 *
 * A list has every other router in it, so a change is told to all. Agents are told the latest state, once per turn, and one
 * that does not read is told when it does again.
 * @see RFC 7432 §11, `EvpnLocalMcastNode` of Contrail's bgp_evpn.cc
 */
import { sameBytes } from '@vaportrail/net';
import type { Path, Route, Source, Table } from '@vaportrail/rib';
import { type NextHop, enetItemId, itemsBodies, retractsBodies } from '@vaportrail/xmpp';

import { enetKey, isInclusiveMulticast } from './evpn-route.ts';
import type { InclusiveRoute } from './inclusive-routes.ts';
import { type ReplicationPart, replicationPart, replicatorOfTunnel } from './inclusive-tunnel.ts';
import { type ItemTable, reflectedEvpnPath } from './item-writer.ts';
import { reflectedEnetAttributes } from './reflected-item.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** A router that takes part in the broadcast. */
interface Participant {
  readonly nlri: Uint8Array;
  readonly hop: NextHop;
  readonly part: ReplicationPart;
  /** Of a leaf. */
  readonly replicator: Uint8Array | undefined;
  readonly paths: readonly Path[];
}

/** Finds what an agent said of a route of its own. */
type SaidOf = (source: Source, nlri: Uint8Array) => InclusiveRoute | undefined;

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
  /** Is told nothing any more. */
  leave(): void;
}

/** Those of one instance. */
export class ReplicationLists {
  readonly #table: ItemTable;
  readonly #saidOf: SaidOf;
  readonly #unfollow: () => void;
  /** By the id of the route's item. */
  readonly #participants = new Map<string, Participant>();
  readonly #listeners = new Map<XmppPeer, Listener>();
  /** Agents whose lists may have changed. */
  readonly #waiting = new Set<XmppPeer>();
  #isScheduled = false;

  constructor(routes: Table, table: ItemTable, saidOf: SaidOf) {
    this.#table = table;
    this.#saidOf = saidOf;
    this.#unfollow = routes.follow({ changed: (route) => this.#changed(route) });
  }

  /** Forgets everything; nobody is told anything any more. */
  close(): void {
    this.#unfollow();
    this.#participants.clear();
    this.#listeners.clear();
    this.#waiting.clear();
  }

  /** Takes back whatever agents have been told, now. */
  retract(): void {
    for (const [peer, listener] of this.#listeners) this.#takeBack(peer, listener, [...listener.told]);
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
    const participant = this.#participant(route);
    if (participant === undefined) this.#participants.delete(id);
    else this.#participants.set(id, participant);
    this.#tell(this.#listeners.keys());
  }

  /** Whom a route is of, unless nobody can send copies to it. */
  #participant({ nlri, multipath, paths }: Route): Participant | undefined {
    const [best] = multipath;
    const tunnel = best?.attributes.get('pmsiTunnel');
    const part = replicationPart(tunnel);
    if (best === undefined || part === undefined) return undefined;
    const { nextHops } = reflectedEnetAttributes([reflectedEvpnPath(best, this.#table)]);
    const replicator = replicatorOfTunnel(tunnel) ?? this.#saidOf(best.source, nlri!)?.replicator;
    return { nlri: nlri!, hop: nextHops[0]!, part, replicator, paths };
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

  #send(peer: XmppPeer, listener: Listener): void {
    const { told } = listener;
    const { instance } = this.#table;
    const gone = new Set(told);
    for (const participant of this.#participants.values()) {
      const { nlri, hop, part, paths } = participant;
      const own = paths.find(({ source }) => source === peer.source);
      // A leaf knows its replicator.
      if (own === undefined || part === 'leaf') continue;
      const key = this.#saidOf(peer.source, nlri)?.key ?? enetKey(nlri)!;
      const id = enetItemId(key);
      gone.delete(id);
      told.add(id);
      const attributes = {
        ...reflectedEnetAttributes([reflectedEvpnPath(own, this.#table)]),
        olist: this.#hops((other) => other.part !== 'leaf' && !sameBytes(other.hop.address, hop.address)),
        leafOlist: this.#hops(
          ({ replicator }) =>
            part === 'replicator' && replicator !== undefined && sameBytes(replicator, hop.address),
        ),
      };
      const item = { family: 'e-vpn' as const, ...key, flags: 0, attributes };
      peer.send({ bodies: itemsBodies('e-vpn', instance, [item]), reach: 1, unreach: 0 });
    }
    this.#takeBack(peer, listener, [...gone]);
  }

  #takeBack(peer: XmppPeer, { told }: Listener, ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) told.delete(id);
    const { instance } = this.#table;
    peer.send({ bodies: retractsBodies('e-vpn', instance, ids), reach: 0, unreach: ids.length });
  }

  /** Where to send copies. An instance is one broadcast domain: routers that tag its Ethernet otherwise are in it as well. */
  #hops(isMeant: (participant: Participant) => boolean): NextHop[] {
    return Array.from(this.#participants.values()).flatMap((participant) =>
      participant.hop.label !== 0 && isMeant(participant) ? [participant.hop] : [],
    );
  }
}
