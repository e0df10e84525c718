/**
 * Where the addresses of a topology are on this machine. As an ordinary user everything runs on 127.0.0.0/8, with
 * ports above 1023; in namespaces every router has the address the topology gives it, and the well-known ports.
 * Next hops are the topology's addresses either way: they are data, nobody connects to them.
 */
import { createServer, type Server } from 'node:net';
import { LoopbackBlock } from './namespace.ts';

export interface Addressing {
  /** Where a router of the topology listens and connects from. */
  at(address: string): string;
  readonly bgpPort: number;
  readonly xmppPort: number;
  /** Gives the addresses back. */
  release(): Promise<void>;
}

/** The addresses of the topology, for real. */
export const realAddresses: Addressing = {
  at: (address) => address,
  bgpPort: 179,
  xmppPort: 5269,
  release: async () => {},
};

/** A port that nobody else wants: who listens on it owns the readable addresses. */
const CLAIM_PORT = 17_999;

/**
 * Addresses of 127.0.0.0/8: `10.169.25.19` becomes the readable `127.169.25.19`. When another lab on this machine has
 * those already, addresses of a block of this process are taken instead.
 */
export async function loopbackAddresses(): Promise<Addressing> {
  const claim = await claimReadable();
  const ports = { bgpPort: 1790, xmppPort: 5269 };
  if (claim !== undefined) {
    return {
      ...ports,
      at: (address) => `127.${address.split('.').slice(1).join('.')}`,
      release: () => new Promise((resolve) => claim.close(() => resolve())),
    };
  }
  const block = new LoopbackBlock();
  const taken = new Map<string, string>();
  return {
    ...ports,
    at: (address) => {
      if (!taken.has(address)) taken.set(address, block.take());
      return taken.get(address)!;
    },
    release: async () => {},
  };
}

function claimReadable(): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(CLAIM_PORT, '127.0.0.1', () => resolve(server.unref()));
  });
}

/**
 * Every router on one LAN, that of the first control node, as containers are: `192.168.0.204` becomes `10.169.25.204`.
 * Router ids and next hops stay what the topology says.
 */
export function lanAddresses(topology: {
  readonly 'control-nodes': readonly { readonly address: string }[];
}): Addressing {
  const lan = topology['control-nodes'][0]!.address.split('.').slice(0, 3).join('.');
  return { ...realAddresses, at: (address) => `${lan}.${address.split('.')[3]}` };
}
