/** A lab for one test: started with the peers it needs, skipped with the reason when one is missing, ended with it. */
import {
  Lab,
  findBird,
  findFrr,
  findGobgp,
  readTopology,
  type Frr,
  type GatewayKind,
  type Gobgp,
  type GatewayPeer,
  type Peer,
  type PeerPath,
} from '@vaportrail/lab';
import type { Test } from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';

export const floatingIp = '101.101.101.252/32';

/** Why a test with these peers cannot run here, or false when it can: tap's `skip`. */
export function missing(...kinds: readonly (GatewayKind | 'bird')[]): string | false {
  const found = { frr: findFrr, gobgp: findGobgp, bird: findBird, gateway: () => ({ path: 'ours' }) };
  for (const kind of kinds) {
    const { path, missing } = found[kind]() as { path?: string; missing?: string };
    if (path === undefined) return missing!;
  }
  return false;
}

export async function runningLab(t: Test, ...peers: readonly GatewayKind[]): Promise<Lab> {
  const lab = await Lab.start({ topology: readTopology(), peers });
  t.teardown(() => lab.stop());
  return lab;
}

/** The peer of a kind; the caller knows which class a kind is. */
export function peerOf(lab: Lab, kind: 'frr'): Frr;
export function peerOf(lab: Lab, kind: 'gobgp'): Gobgp;
export function peerOf(lab: Lab, kind: 'gateway'): GatewayPeer<unknown>;
export function peerOf(lab: Lab, kind: GatewayKind): Peer {
  return lab.peers.find((peer) => peer.kind === kind)!;
}

/** Looks again and again until `seen` says yes; yields what was seen, or fails with the last sight. */
export async function until<T>(
  look: () => Promise<T>,
  seen: (sight: T) => boolean,
  milliseconds = 15_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const sight = await look();
    if (seen(sight)) return sight;
    if (Date.now() > deadline)
      throw new Error(`not seen within ${milliseconds} ms: ${JSON.stringify(sight)}`);
    await sleep(30);
  }
}

/** Waits until a peer has so many paths to the floating IP; yields them in order of label. */
export async function pathsAt(
  peer: Pick<Peer, 'paths'>,
  count: number,
  also: (paths: PeerPath[]) => boolean = () => true,
): Promise<PeerPath[]> {
  const paths = await until(
    () => peer.paths(floatingIp),
    (each) => each.length === count && also(each),
  );
  return paths.sort((a, b) => a.label! - b.label!);
}
