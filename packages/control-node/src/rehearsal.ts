/**
 * A control node plays its part on loopback, for itself, before the first peer is let in. What the compiler learns belongs
 * to the code and not to the instance: without it the first thousand changes take three times as long to pass on.
 */
import { Session, endOfRib } from '@vaportrail/bgp';
import { encodeUpdate } from '@vaportrail/bgp/wire';
import { parseAddress, parseIpv4, parsePrefix } from '@vaportrail/net';
import {
  type UnicastItem,
  XmppClient,
  announceStanzas,
  subscribeStanza,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';

import { type ControlNodeConfig, controlNodeConfig } from './config.ts';
import { ControlNode } from './control-node.ts';
import type { Bound } from './listening.ts';

const ASN = 64512;
const NETWORK = 'default-domain:rehearsal:network:network';
/** The first one speaks, the others listen. */
const PEERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
const AGENTS = ['speaker', 'listener'] as const;
/** Rounds in each act. An act has a node of its own: the compiler must not come to believe that there is only ever one. */
const ACTS = [1, 1, 6] as const;
/** Routes that are announced together, and changes that follow one by one. */
const UPDATES = 500;
const CHANGES = 300;
/** Milliseconds after which it is given up: whoever restarts a control node waits for it. Alone on two cores it takes 1.3 s. */
const LONGEST = 2000;
/** End-of-RIB comes when it comes, and is not what anybody waits for. */
const MARKER_OCTETS = endOfRib('inet-vpn').length;

/** Those who wait for what the speakers say. */
class Audience {
  #missing = 0;
  #served: (() => void) | undefined;

  hears(): void {
    if (--this.#missing === 0) this.#served?.();
  }

  /** Resolves when so much has been heard from now on. */
  hearing(count: number): Promise<void> {
    this.#missing = count;
    return new Promise((resolve) => (this.#served = resolve));
  }
}

/**
 * Lets routes pass through control nodes of its own, many at once and then one after the other, from a peer and from an agent
 * to all others; gives up after so many milliseconds. Resolves in any case: a machine without the addresses goes without
 * rehearsal.
 * @returns how many changes were passed on
 */
export async function rehearse(milliseconds = LONGEST): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<'over'>((resolve) => {
    timer = setTimeout(resolve, milliseconds, 'over');
  });
  const config = stage();
  const bulks = [bulk(0), bulk(1)] as const;
  let changes = 0;
  for (const rounds of ACTS) {
    const act = await play(config, bulks, rounds, over);
    changes += act.changes;
    if (act.isOver) break;
  }
  clearTimeout(timer);
  return changes;
}

/** Kept, though over: what the compiler learned from objects is forgotten with them. */
export const kept: unknown[] = [];

/** One act. Rounds announce the same routes, with attributes in turn that differ. */
async function play(
  config: ControlNodeConfig,
  bulks: readonly [Uint8Array, Uint8Array],
  rounds: number,
  over: Promise<'over'>,
): Promise<{ changes: number; isOver: boolean }> {
  const node = new ControlNode(config);
  const audience = new Audience();
  const sessions: Session[] = [];
  const agents: XmppClient[] = [];
  let changes = 0;
  let isOver = false;
  /** Waits until `count` routes have arrived. */
  const heard = async (count: number, say: () => void): Promise<void> => {
    if (isOver) return;
    const all = audience.hearing(count);
    say();
    isOver = (await Promise.race([all, over])) === 'over';
  };
  try {
    await node.start();
    for (const address of PEERS) sessions.push(peer(address, node.bgpAddresses[0]!, audience));
    for (const name of AGENTS) agents.push(agent(name, node.xmppAddress!, audience));
    await heard(PEERS.length + AGENTS.length, () => {
      for (const each of [...sessions, ...agents]) each.start();
    });
    const listeners = PEERS.length - 1;
    for (let round = 0; round < rounds; round++) {
      await heard(listeners * UPDATES, () => sessions[0]!.write([bulks[round % 2]!]));
      for (let change = 0; change < CHANGES; change++) {
        // A route of the agent goes to all peers and comes back to all agents.
        const isAgents = change % 4 === 3;
        if (isAgents)
          await heard(PEERS.length + AGENTS.length, () =>
            agents[0]!.channel.send([publish(round * CHANGES + change)]),
          );
        else await heard(listeners, () => sessions[0]!.write([update(round, change, 1)]));
        if (!isOver) changes++;
      }
    }
  } catch {
    // What is wrong with the machine the real node will find out.
    isOver = true;
  }
  kept.push({ node, sessions, agents });
  for (const { channel } of agents) channel.close();
  await Promise.all([...sessions.map((session) => session.stop()), node.stop()]);
  return { changes, isOver };
}

/** What the nodes of the rehearsal are; read here, so that who only imports the package does not wait for it. */
function stage(): ControlNodeConfig {
  return controlNodeConfig.parse({
    name: 'rehearsal',
    asn: ASN,
    'router-id': '127.0.0.1',
    'cluster-id': '127.0.0.1',
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: PEERS.map((address) => ({ address, passive: true, families: ['inet-vpn'] })),
    },
    xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0 },
    introspect: { address: '127.0.0.1', port: 0 },
    'routing-instances': [{ name: NETWORK, 'vn-index': 1, 'route-targets': [`${ASN}:1`] }],
  });
}

function peer(address: string, { address: to, port }: Bound, audience: Audience): Session {
  return new Session(
    {
      local: { asn: ASN, routerId: parseIpv4(address), address },
      peer: { address: to, port, asn: ASN },
      families: ['inet-vpn'],
    },
    {
      established: () => audience.hears(),
      update: (_bytes, start, end) => {
        if (end - start > MARKER_OCTETS) audience.hears();
      },
      routeRefresh: () => {},
      down: () => {},
    },
  );
}

function agent(name: string, server: Bound, audience: Audience): XmppClient {
  return new XmppClient({
    name,
    server,
    handlers: {
      up: (channel) => {
        channel.send([subscribeStanza(name, NETWORK, 1)]);
        audience.hears();
      },
      stanza: ({ type }) => {
        if (type === 'items') audience.hears();
      },
      down: () => {},
    },
  });
}

/** UPDATEs with twenty routes each. */
function bulk(round: number): Uint8Array {
  return Buffer.concat(Array.from({ length: UPDATES }, (_, number) => update(round, number, 20)));
}

/** An UPDATE with so many routes. */
function update(round: number, number: number, routes: number): Uint8Array {
  return encodeUpdate({
    routes: Array.from({ length: routes }, (_, route) => ({
      op: 'announce' as const,
      afi: 1,
      safi: 128,
      pathId: null,
      prefix: `10.${number >> 8}.${number & 0xff}.${route}/32`,
      rd: `127.0.0.2:${number % 200}`,
      labels: [16 + route],
      nextHop: '127.0.0.2',
    })),
    attributes: {
      origin: 'igp',
      asPath: [65000 + (number % 50)],
      med: number,
      localPref: 100 + round + routes,
      communities: [`${ASN}:${number % 10}`],
      extendedCommunities: [`target:${ASN}:2`],
    },
  });
}

/** A publish, different from all before. */
function publish(number: number): Buffer {
  const item: UnicastItem = {
    family: 'inet',
    prefix: parsePrefix(`10.1.0.${number & 0xff}/32`),
    attributes: itemAttributes({
      nextHops: [
        nextHop({
          address: parseAddress('127.0.0.1'),
          label: 16 + number,
          encapsulations: ['gre', 'udp'],
        }),
      ],
      securityGroups: [8_000_002],
      localPref: 100,
    }),
  };
  return announceStanzas(AGENTS[0], NETWORK, item, number);
}
