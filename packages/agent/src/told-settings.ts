/** What a config node tells an agent, beside what its file says. */
import { besideFile, ipAddress, name as nameText, readToldList, wholeNumber } from '@vaportrail/show';
import { z } from 'zod';
import { AgentError } from './agent-error.ts';
import { type AgentConfig, floatingIpConfig, interfaceConfig, vrfConfig } from './config.ts';
import { loadBalancerConfig } from './load-balancer/config.ts';

/** What is on a node, as opposed to the node itself. */
export type NodeContents = Pick<AgentConfig, 'vrfs' | 'interfaces' | 'load-balancers'>;

export const nothing: NodeContents = { vrfs: [], interfaces: [], 'load-balancers': [] };

/** A step from one state of the node to the next. */
const change = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add-vrf'), vrf: vrfConfig }),
  z.object({ type: z.literal('remove-vrf'), name: z.string() }),
  z.object({ type: z.literal('add-interface'), interface: interfaceConfig }),
  z.object({ type: z.literal('remove-interface'), name: z.string() }),
  z.object({ type: z.literal('set-preference'), name: z.string(), preference: wholeNumber(1, 0xffff_ffff) }),
  z.object({
    type: z.enum(['add-floating-ip', 'change-floating-ip']),
    interface: nameText,
    floatingIp: floatingIpConfig,
  }),
  z.object({
    type: z.literal('remove-floating-ip'),
    interface: nameText,
    address: ipAddress,
    vrf: z.string(),
  }),
  z.object({ type: z.literal('set-load-balancer'), 'load-balancer': loadBalancerConfig }),
  z.object({ type: z.literal('remove-load-balancer'), uuid: z.string() }),
]);
type Change = z.output<typeof change>;

export interface Told {
  readonly contents: NodeContents;
  /** What is wrong with entries that were left out. */
  readonly problems: readonly string[];
}

/**
 * Reads a line of `/watch/virtual-router/NAME`. The first of a stream says everything: `{"settings": {…}}`, without settings
 * when the node is not configured; the others say `{"changes": […]}`. One entry that cannot be read does not cost the others.
 * @throws AgentError when the line is nothing of the kind
 */
export function readTold(line: unknown, before: NodeContents, first: boolean): Told {
  if (typeof line !== 'object' || line === null) throw new AgentError('the config node told no settings');
  const { settings, changes } = line as { settings?: unknown; changes?: unknown };
  if (typeof settings === 'object' && settings !== null) return readSettings(settings);
  if (first) return { contents: nothing, problems: [] };
  if (!Array.isArray(changes)) throw new AgentError('the config node told neither settings nor changes');
  const { values: steps, problems } = readToldList(changes, change, 'changes');
  return { contents: steps.reduce(changed, before), problems };
}

function readSettings(settings: object): Told {
  const problems: string[] = [];
  const list = <T>(key: keyof NodeContents, schema: z.ZodType<T>): T[] => {
    const given = (settings as Record<string, unknown>)[key] ?? [];
    if (!Array.isArray(given)) throw new AgentError(`the config node told ${key} that are no list`);
    const told = readToldList(given, schema, key);
    problems.push(...told.problems);
    return told.values;
  };
  const contents = {
    vrfs: list('vrfs', vrfConfig),
    interfaces: list('interfaces', interfaceConfig),
    'load-balancers': list('load-balancers', loadBalancerConfig),
  };
  return { contents, problems };
}

function changed(contents: NodeContents, step: Change): NodeContents {
  const { vrfs, interfaces, 'load-balancers': balancers } = contents;
  const ofInterface = (
    name: string,
    alter: (one: NodeContents['interfaces'][number]) => NodeContents['interfaces'][number],
  ): NodeContents => ({
    ...contents,
    interfaces: interfaces.map((one) => (one.name === name ? alter(one) : one)),
  });
  switch (step.type) {
    case 'add-vrf':
      return { ...contents, vrfs: [...vrfs.filter(({ name }) => name !== step.vrf.name), step.vrf] };
    case 'remove-vrf':
      return { ...contents, vrfs: vrfs.filter(({ name }) => name !== step.name) };
    case 'add-interface': {
      const others = interfaces.filter(({ name }) => name !== step.interface.name);
      return { ...contents, interfaces: [...others, step.interface] };
    }
    case 'remove-interface':
      return { ...contents, interfaces: interfaces.filter(({ name }) => name !== step.name) };
    case 'set-preference':
      return ofInterface(step.name, (one) => ({ ...one, preference: step.preference }));
    case 'add-floating-ip':
    case 'change-floating-ip': {
      const { address, vrf } = step.floatingIp;
      return ofInterface(step.interface, (one) => ({
        ...one,
        'floating-ips': [
          ...one['floating-ips'].filter((other) => other.address !== address || other.vrf !== vrf),
          step.floatingIp,
        ],
      }));
    }
    case 'remove-floating-ip':
      return ofInterface(step.interface, (one) => ({
        ...one,
        'floating-ips': one['floating-ips'].filter(
          (other) => other.address !== step.address || other.vrf !== step.vrf,
        ),
      }));
    case 'set-load-balancer': {
      const others = balancers.filter(({ uuid }) => uuid !== step['load-balancer'].uuid);
      return { ...contents, 'load-balancers': [...others, step['load-balancer']] };
    }
    case 'remove-load-balancer':
      return { ...contents, 'load-balancers': balancers.filter(({ uuid }) => uuid !== step.uuid) };
  }
}

/** What the file says, and what was told under names the file does not use. */
export function together(file: NodeContents, told: NodeContents): NodeContents {
  return {
    vrfs: besideFile(file.vrfs, told.vrfs, ({ name }) => name),
    interfaces: besideFile(file.interfaces, told.interfaces, ({ name }) => name),
    'load-balancers': besideFile(file['load-balancers'], told['load-balancers'], ({ uuid }) => uuid),
  };
}
