/** Tables of what an agent may write in an item, and what comes of it at a control node over a real connection. */
import { MASTER_INSTANCE } from '@vaportrail/xmpp';
import type { Log, PathView } from '@vaportrail/show';
import t from 'tap';

import type { ControlNodeConfigInput } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { type EntryText, hop, hops, item, nlri, publish, subscribe } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';
import { RED, type Test, controlNode, eventually } from './running.ts';

/** What a message comes to. */
export type Outcome =
  /** The path has these properties where a route is looked for; `vpn` is that of its copy. */
  | {
      readonly path: Partial<PathView>;
      readonly vpn?: Partial<PathView>;
      readonly rd?: string;
      readonly prefix?: string;
    }
  | { readonly dropped: RegExp }
  /** Nothing comes of it, and nothing is said. */
  | 'nothing';

/** A node whose warnings are kept. */
async function scene(t: Test & { fail(message: string): unknown }, config: Partial<ControlNodeConfigInput>) {
  const warnings: { item: string; because: string }[] = [];
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (fields) => void warnings.push(fields as { item: string; because: string }),
    error: () => t.fail('an error in the log'),
    child: () => log,
  };
  return { node: await controlNode(t, config, { log }), warnings };
}

let members = 0;

/** An agent that has joined a network and the underlay; at an address of its own, as the log has few lines for each. */
async function member(node: ControlNode): Promise<RawAgent> {
  const number = ++members;
  const address = `127.3.${number >> 8}.${number & 255}`;
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1', address);
  one.send(subscribe(RED) + subscribe(MASTER_INSTANCE, '<instance-id>0</instance-id>'));
  return one;
}

const WITNESS = '10.200.0.1/32';
const isWitness = ({ prefix }: { prefix: string }): boolean => prefix.endsWith(WITNESS);

/** Publishes a witness behind a message and waits for it: whatever the message comes to has come by then. */
async function settled(one: RawAgent): Promise<void> {
  one.send(publish(RED, `1/1/${RED}/${WITNESS}`, item(nlri(WITNESS))));
  await one.hears(new RegExp(`<item id="${WITNESS}">`));
}

/** What is written, the fields of the item or its prefix alone, and what comes of it. */
export type Case = readonly [what: string, change: EntryText | string, outcome: Outcome];

/** Where items are published, and where their routes are looked for. */
export interface Scene {
  readonly instance?: string;
  /** `AFI/SAFI` of the channel. */
  readonly family?: string;
  readonly table?: string;
  readonly vpnTable?: string;
  readonly config?: Partial<ControlNodeConfigInput>;
}

/** One test of a table of cases, each with a session of its own. */
export function cases(title: string, list: readonly Case[], scenery: Scene = {}): void {
  const { instance = RED, family = '1/1', table = `${RED}.inet.0`, vpnTable = 'bgp.l3vpn.0' } = scenery;
  t.test(title, async (t) => {
    const { node, warnings } = await scene(t, scenery.config ?? {});
    const [af, safi] = family.split('/').map(Number) as [number, number];
    const labelled = instance !== MASTER_INSTANCE || family === '1/4';
    const usual = labelled ? {} : { 'next-hops': hops(hop({ label: '<label>0</label>' })) };
    for (const [what, change, outcome] of list) {
      const one = await member(node);
      const prefix = typeof change === 'string' ? change : af === 2 ? '2001:db8::9/128' : '10.9.0.1/32';
      const fields = { ...usual, ...(typeof change !== 'string' && change) };
      const name = family === '25/242' ? `25/242/${prefix}` : `${family}/${instance}/${prefix}`;
      one.send(publish(instance, name, item(nlri(prefix, [af, safi]), fields)));
      await settled(one);
      const found = node.routes({ table }).filter((route) => !isWitness(route));
      if (outcome === 'nothing' || 'dropped' in outcome) {
        t.same(
          found.map((route) => route.prefix),
          [],
          `${what}: no route`,
        );
        const because = warnings.map((warning) => warning.because).join();
        if (outcome === 'nothing') t.equal(because, '', `${what}: not a word`);
        else {
          t.match(because, outcome.dropped, `${what}: dropped with its reason`);
          t.equal(node.neighbors()[0]?.errors, 1, `${what}: counted`);
        }
      } else {
        t.equal(found.length, 1, `${what}: one route, ${warnings.map(({ because }) => because)}`);
        t.match(found[0]?.paths[0], outcome.path, what);
        if (outcome.prefix !== undefined) t.equal(found[0]?.prefix, outcome.prefix, what);
        const [copy] = node.routes({ table: vpnTable }).filter((route) => !isWitness(route));
        if (outcome.vpn !== undefined) t.match(copy?.paths[0], outcome.vpn, `${what}: in ${vpnTable}`);
        if (outcome.rd !== undefined)
          t.ok(copy?.prefix.startsWith(`${outcome.rd}:`), `${what}: ${copy?.prefix}`);
      }
      t.equal(node.neighbors()[0]?.state, 'Established', `${what}: the session lives`);
      warnings.length = 0;
      await one.end();
      await eventually(() => node.tables().every(({ paths }) => paths === 0) || undefined);
    }
  });
}
