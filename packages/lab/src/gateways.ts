/** The gateways of a topology, running: FRR and GoBGP as children of this process, ours in it. */
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { announceRouter, type Log } from '@vaportrail/show';
import type { Addressing } from './addressing.ts';
import { frrSettings, gatewaySettings, gobgpSettings } from './daemon-settings.ts';
import { startDaemon, type Undo } from './daemon.ts';
import type { Place } from './namespace.ts';
import { Frr } from './peers/frr.ts';
import { GatewayPeer } from './peers/gateway.ts';
import { Gobgp } from './peers/gobgp.ts';
import { PeerMissing, type Peer } from './peers/peer.ts';
import type { GatewayKind, GatewayTopology, Topology } from './topology.ts';

/** Where gateways run, and what takes them back. */
export interface GatewayGround {
  readonly topology: Topology;
  readonly addressing: Addressing;
  readonly place: (gateway: GatewayTopology) => Place;
  readonly log: Log;
  readonly undo: Undo;
}

/** A gateway of the topology that could not be had, and what to do about it. */
export interface MissingPeer {
  readonly kind: GatewayKind;
  readonly because: string;
}

/**
 * Starts gateways one after the other.
 * @throws PeerMissing when one is not installed and all are needed; Error when one does not start
 */
export async function startGateways(
  gateways: readonly GatewayTopology[],
  mustHaveAll: boolean,
  ground: GatewayGround,
): Promise<{ readonly peers: Peer[]; readonly missing: MissingPeer[] }> {
  const peers: Peer[] = [];
  const missing: MissingPeer[] = [];
  for (const gateway of gateways) {
    try {
      const peer = await startGateway(gateway, ground);
      ground.undo.push(() => peer.stop());
      peers.push(peer);
      announce(peer, gateway.name, ground.undo);
    } catch (error) {
      if (mustHaveAll || !(error instanceof PeerMissing)) throw error;
      missing.push({ kind: gateway.kind, because: error.message });
    }
  }
  return { peers, missing };
}

async function startGateway(gateway: GatewayTopology, ground: GatewayGround): Promise<Peer> {
  const { topology, addressing, log, undo } = ground;
  switch (gateway.kind) {
    case 'frr':
      return Frr.start(frrSettings(topology, gateway, addressing), ground.place(gateway));
    case 'gobgp':
      return Gobgp.start(gobgpSettings(topology, gateway, addressing), ground.place(gateway));
    case 'gateway': {
      const config = (multipath: boolean) =>
        gatewayConfig.parse(gatewaySettings(topology, gateway, addressing, multipath));
      const daemon = new Gateway(config(false), { log });
      await startDaemon('gateway', gateway.name, daemon, undo);
      return new GatewayPeer({
        name: gateway.name,
        address: addressing.at(gateway.address),
        port: addressing.bgpPort,
        vrf: gateway.vrf,
        gateway: daemon,
        config,
      });
    }
  }
}

/** Lets `vaportrail why --peer` and `vaportrail diff` find it. */
function announce(peer: Peer, name: string, undo: Undo): void {
  const at = peer instanceof Frr ? peer.folder : peer instanceof Gobgp ? peer.address : undefined;
  if (at === undefined || (peer.kind !== 'frr' && peer.kind !== 'gobgp')) return;
  undo.push(announceRouter({ kind: peer.kind, name, at }));
}
