// Hostile peers and agents throw mutated messages at a control node over real sockets, while it reflects the routes of honest
// ones: these must have every route, and no other, all the time.
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import type { Log } from '@vaportrail/show';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { BgpClient } from './bench/bgp-client.ts';
import { faults } from './bench/measurement.ts';
import { announcements, withdrawals, type RouteLoad } from './bench/route-load.ts';
import { LABEL_OF_PHASE, ThinAgent } from './bench/thin-agent.ts';
import { type Disguise, Hostile, hostileAgent, hostilePeer } from './fuzz/hostile.ts';
import { Dice } from './fuzz/mutation.ts';

/** Raise it for a long hunt. */
const SECONDS = Number(process.env['FUZZED_LOAD_SECONDS'] ?? 12);
const SEED = Number(process.env['FUZZED_LOAD_SEED'] ?? Date.now() % 2 ** 31);
const ASN = 65000;
const NODE = '127.0.0.210';
const HONEST = { sender: '127.4.0.1', receivers: ['127.4.0.2', '127.4.0.3'] } as const;
/** Many, because a peer whose session failed is made to wait before the next. */
const HOSTILE = Array.from({ length: 300 }, (_, i) => `127.5.${i >> 7}.${(i & 127) + 1}`);
/** So many connections of either kind at a time. */
const AT_A_TIME = 30;
const ROUTES = 30_000;
const ITEMS = 500;
const GREEN = 'default-domain:demo:green:green';
const MAX_GROWTH_OCTETS = 24 * 1024 * 1024;

const load: RouteLoad = {
  routes: ROUTES,
  perUpdate: 100,
  attributeSets: 300,
  setChanges: 'every-update',
  labels: 'per-route',
  prefixes: 'own',
  localPref: 100,
  sender: 0,
};

function configuration() {
  const internal = (address: string, families: string[]) => ({ address, asn: ASN, passive: true, families });
  const hostileFamilies = ['inet-vpn', 'inet6-vpn', 'inet', 'inet-labeled', 'e-vpn', 'route-target'];
  return controlNodeConfig.parse({
    name: 'ctrl-1',
    asn: ASN,
    'router-id': NODE,
    'cluster-id': NODE,
    bgp: {
      listen: [{ address: NODE, port: 0 }],
      peers: [
        ...[HONEST.sender, ...HONEST.receivers].map((address) => internal(address, ['inet-vpn'])),
        ...HOSTILE.map((address) => internal(address, hostileFamilies)),
      ],
    },
    xmpp: { listen: { address: NODE, port: 0 }, 'end-of-rib-delay': 0.1 },
    introspect: { address: NODE, port: 0 },
    'routing-instances': [
      { name: GREEN, 'vn-index': 9, 'route-targets': [`${ASN}:9`] },
      { name: 'default-domain:demo:red:red', 'vn-index': 6, 'route-targets': [`${ASN}:6`] },
      { name: 'default-domain:demo:blue:blue', 'vn-index': 7, import: [`${ASN}:6`] },
    ],
  });
}

/** Octets held after a full collection. */
function heldOctets(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What the honest have lost. */
const lost: string[] = [];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !holds(); await sleep(5)) {
    if (lost.length > 0) throw new Error(`${what}: ${lost.join()}`);
    if (performance.now() > end) throw new Error(`${what}: not within a minute`);
  }
}

t.setTimeout((SECONDS + 150) * 1000);

t.test(
  'a control node that is fuzzed under load reflects every route of honest peers, and loses none of their sessions',
  async (t) => {
    t.comment(`FUZZED_LOAD_SEED=${SEED}`);
    const said: string[] = [];
    const note = (fields: object, message: string): void => {
      if (/an error inside this program|a handler failed/.test(message))
        said.push(`${message} ${JSON.stringify(fields)}`);
    };
    const log: Log = { debug: () => {}, info: note, warn: note, error: note, child: () => log };
    const node = new ControlNode(configuration(), { log });
    await node.start();
    t.teardown(() => node.stop());
    const bgp = node.bgpAddresses[0]!;
    const xmpp = node.xmppAddress!;

    const honest = async (address: string, verify: boolean): Promise<BgpClient> => {
      const client = new BgpClient({ address, peer: bgp, asn: ASN, verify });
      t.teardown(() => client.close());
      await client.establish();
      client.onClose = (why) => void lost.push(`${address}: ${why}`);
      return client;
    };
    const sender = await honest(HONEST.sender, false);
    const receivers = await Promise.all(HONEST.receivers.map((address) => honest(address, true)));
    let items = 0;
    let foreign = 0;
    const agents = [ITEMS, 0].map((routes, number) => {
      const agent = new ThinAgent(number, GREEN, 0, routes, {
        open: () => {},
        lost: () => void lost.push(`agent ${number}`),
        items: (count) => void (items += count),
      });
      t.teardown(() => agent.kill());
      agent.open(xmpp);
      return agent;
    });
    await until('items of the start', () => items === 2 * ITEMS);

    /** Everything anew, or away; and whether all have it. */
    const round = async (number: number): Promise<void> => {
      const localPref = 100 + number;
      const isWithdrawal = number % 4 === 3;
      const { bytes, expected } = isWithdrawal ? withdrawals(load) : announcements({ ...load, localPref });
      const what = isWithdrawal ? 'withdrawn' : 'announced';
      for (const receiver of receivers) receiver.expect(localPref);
      items = 0;
      for (const agent of agents) agent.expect('sustained');
      sender.send(bytes);
      agents[0]!.publishAll(LABEL_OF_PHASE.sustained + number);
      await until(`round ${number}`, () => receivers.every(({ tally }) => tally[what] >= expected.count));
      await until(`items of round ${number}`, () => items >= 2 * ITEMS);
      // Those of hostile peers and agents.
      for (const { tally } of receivers) {
        foreign += tally.foreign;
        tally.foreign = 0;
      }
      const wrong = receivers.map((receiver) => faults(expected, [receiver], what, true));
      if (wrong.join('') !== '') throw new Error(`round ${number}: ${wrong.join()}`);
      if (items !== 2 * ITEMS) throw new Error(`round ${number}: ${items} items, not ${2 * ITEMS}`);
    };
    const paths = (): Record<string, number> =>
      Object.fromEntries(node.tables().flatMap(({ name, paths }) => (paths === 0 ? [] : [[name, paths]])));
    const sessions = (): number => node.neighbors().filter(({ state }) => state === 'Established').length;

    for (let number = 0; number < 4; number++) await round(number);
    await round(4);
    const before = { paths: paths(), sessions: sessions(), octets: heldOctets() };

    const end = performance.now() + SECONDS * 1000;
    const dice = new Dice(SEED);
    const hostile = (to: typeof bgp, disguiseOf: (number: number) => Disguise): Hostile[] =>
      Array.from(
        { length: AT_A_TIME },
        (_, number) => new Hostile(disguiseOf(number), to, new Dice(dice.roll(2 ** 31))),
      );
    const peers = hostile(bgp, (number) =>
      hostilePeer(
        HOSTILE.filter((_, place) => place % AT_A_TIME === number),
        ASN,
      ),
    );
    const strangers = hostile(xmpp, (number) => hostileAgent(`compute-${900 + number}`));
    const attacks = [...peers, ...strangers].map((one) => one.attack(end));
    let rounds = 4;
    while (performance.now() < end) {
      await round(++rounds);
      // All of them share this thread.
      await sleep(150);
    }
    await Promise.all(attacks);
    // Back to a round that announced.
    while (rounds % 4 !== 0) await round(++rounds);

    const sum = (list: readonly Hostile[]) =>
      list.reduce(
        (all, { connections, welcomed, messages }) => ({
          connections: all.connections + connections,
          welcomed: all.welcomed + welcomed,
          messages: all.messages + messages,
        }),
        { connections: 0, welcomed: 0, messages: 0 },
      );
    const thrown = { bgp: sum(peers), xmpp: sum(strangers) };
    t.comment(`${rounds - 4} rounds of ${ROUTES} routes beside ${JSON.stringify(thrown)}`);
    t.ok(rounds > 5, 'honest routes came and went meanwhile');
    t.ok(
      thrown.bgp.messages > 1000 && thrown.bgp.welcomed > 100,
      'mutated messages reached established sessions',
    );
    t.ok(thrown.xmpp.messages > 1000 && thrown.xmpp.welcomed > 100, 'and so did mutated stanzas');
    await until('nothing of the hostile is left', () => {
      return sessions() === before.sessions && JSON.stringify(paths()) === JSON.stringify(before.paths);
    });
    await round(rounds + 4);
    t.same(lost, [], 'no honest session was lost');
    t.same(said, [], 'no error inside the program');
    t.ok(foreign > 0, 'what hostile peers and agents said rightly was reflected too');
    // What closed sockets held is given back when they have been finalized.
    let grown = 0;
    await until('memory has returned', () => (grown = heldOctets() - before.octets) < MAX_GROWTH_OCTETS);
    t.comment(`${(grown / 2 ** 20).toFixed(1)} MB grown`);
  },
);
