/** The control nodes of an agent: which are in use and which are spares, what they are told, and what becomes of what they say. */
import type { Socket } from 'node:net';
import type { Clock } from '@vaportrail/net';
import { type Log, isWorthALine } from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import { type Config, type Stanza, type UnicastItem, readTlsFiles } from '@vaportrail/xmpp';
import { type AgentConfig, CONTROL_NODES_IN_USE } from './config.ts';
import { ControlNodePeer, type PeerListener } from './control-node-peer.ts';
import type { ConfigSubscription } from './config-subscription.ts';
import type { ForwardingTables } from './forwarding-tables.ts';
import { controlNodeTap } from './recorded-inputs.ts';
import type { Vrf } from './vrf.ts';

/** What the control nodes need of their agent. */
export interface ControlNodesOwner {
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: Recorder | undefined;
  /** Makes connections; TCP when undefined. */
  readonly connect: ((server: { readonly address: string; readonly port: number }) => Socket) | undefined;
  readonly tables: ForwardingTables;
  /** What is published in a VRF. */
  publications(vrf: Vrf): Iterable<UnicastItem>;
  /** Where configuration comes from control nodes. */
  readonly configuration: ConfigSubscription | undefined;
  /** A session came up, came in sync, or went down. */
  sessionChanged(peer: ControlNodePeer): void;
}

export class ControlNodes {
  /** Every configured control node, in order; the first two are in use, the others are spares. */
  readonly peers: readonly ControlNodePeer[];
  /** Control nodes that are not in use; the one that has waited for longest comes first. */
  readonly #spares: ControlNodePeer[];
  readonly #owner: ControlNodesOwner;
  #connecting = false;

  /** @throws Error when a file of `tls` cannot be read */
  constructor(config: AgentConfig, owner: ControlNodesOwner) {
    this.#owner = owner;
    const { clock, recorder, connect } = owner;
    const listener = this.#listener();
    const tls = config.tls && readTlsFiles(config.tls);
    this.peers = config['control-nodes'].map(
      (server, rank) =>
        new ControlNodePeer(
          rank,
          {
            agent: config.name,
            server,
            localAddress: config['local-address'],
            tls,
            peerNames: config.tls?.names,
            holdTime: config['hold-time'],
            staleTime: config['stale-time'],
            endOfRibTimeout: config['end-of-rib-timeout'],
            clock,
            tap: recorder && controlNodeTap(recorder, config.name, server),
            connect: connect && (() => connect(server)),
          },
          listener,
        ),
    );
    this.#spares = this.peers.slice(CONTROL_NODES_IN_USE);
  }

  /** Begins to connect to those in use; a second time does nothing. */
  connect(): void {
    if (this.#connecting) return;
    this.#connecting = true;
    for (const peer of this.peers.slice(0, CONTROL_NODES_IN_USE)) peer.start();
  }

  /** What is published has become everything. */
  endOfRib(): void {
    for (const peer of this.peers) peer.endOfRib();
  }

  close(): void {
    for (const peer of this.peers) peer.close();
  }

  subscribe(vrf: Vrf): void {
    for (const peer of this.peers) peer.subscribe(vrf);
  }

  unsubscribe(vrf: Vrf): void {
    for (const peer of this.peers) peer.unsubscribe(vrf);
  }

  announce(vrf: Vrf, item: UnicastItem): void {
    for (const peer of this.peers) peer.announce(vrf, item);
  }

  withdraw(vrf: Vrf, item: UnicastItem): void {
    for (const peer of this.peers) peer.withdraw(vrf, item);
  }

  #listener(): PeerListener {
    const { log, publications, configuration } = this.#owner;
    const { learnedRoutes, vrfs } = this.#owner.tables;
    return {
      subscriptions: () => vrfs.inOrder(),
      publications,
      opening: (peer) => configuration?.opening(peer) ?? [],
      isComplete: () => configuration?.isComplete !== false,
      receive: (peer, stanza) => this.#receive(peer, stanza),
      othersInSync: (peer) => this.peers.some((other) => other !== peer && other.inSync),
      markStale: (peer) => void learnedRoutes.markStale(peer, vrfs),
      sweep: (peer, generation) => {
        const swept = learnedRoutes.sweep(peer, vrfs, generation);
        if (swept > 0) log.info({ peer: peer.name, paths: swept }, 'unconfirmed paths forgotten');
      },
      changed: (peer) => this.#sessionChanged(peer),
      timedOut: (peer) => this.#tryAnother(peer),
    };
  }

  #receive(peer: ControlNodePeer, stanza: Stanza): void {
    const { counters } = peer;
    if (stanza.type === 'items') {
      const vrf = this.#owner.tables.vrfs.get(stanza.instance);
      const taken = vrf === undefined ? 0 : this.#owner.tables.learnedRoutes.receive(peer, vrf, stanza);
      counters.items += taken;
      counters.ignored += stanza.items.length - taken + stanza.problems.length;
      for (const problem of stanza.problems) {
        const dropped = ++counters.dropped;
        if (isWorthALine(dropped))
          this.#owner.log.warn({ peer: peer.name, ...problem, dropped }, 'an item was dropped');
      }
    } else if (stanza.type === 'retracts') {
      const vrf = this.#owner.tables.vrfs.get(stanza.instance);
      const taken = vrf === undefined ? 0 : this.#owner.tables.learnedRoutes.retract(peer, vrf, stanza);
      counters.retracts += taken;
      counters.ignored += stanza.ids.length - taken;
    } else if (stanza.type !== 'config' || !this.#configured(peer, stanza)) counters.ignored++;
  }

  /** Whether a push of configuration was for us. */
  #configured(peer: ControlNodePeer, push: Config): boolean {
    return this.#owner.configuration?.receive(peer, push) === true;
  }

  #sessionChanged(peer: ControlNodePeer): void {
    const { name, state, inSync, lastError } = peer;
    const because = state === 'established' ? {} : { because: lastError };
    this.#owner.log.info({ peer: name, state, inSync, ...because }, 'control node');
    if (state !== 'established') this.#owner.configuration?.lost(peer, this.peers);
    // Once one of them has told everything, what an absent one said is no longer needed.
    if (inSync) for (const other of this.peers) if (other !== peer) other.forget();
    this.#owner.sessionChanged(peer);
  }

  /** A spare takes the place of a control node that does not answer, which waits for its turn then. */
  #tryAnother(peer: ControlNodePeer): void {
    const spare = this.#spares.shift();
    if (spare === undefined) return;
    this.#owner.log.warn({ peer: peer.name, instead: spare.name }, 'control node does not answer');
    this.#spares.push(peer);
    peer.stop();
    spare.start();
  }
}
