/** The configuration file of compute nodes: one agent, several of them, or a fleet made after a pattern. */
import { introspect, ipv4Address, remoteEndpoint, seconds, wholeNumber } from '@vaportrail/show';
import { z } from 'zod';
import { type AgentConfig, XMPP_PORT, agentShape } from './config.ts';
import { type Refuse, checkAgent } from './contradictions.ts';

/** The text of a pattern for one number: `{n}` stands for it, `{n:4}` for the same with leading zeros. */
export function numbered(text: string, n: number): string {
  return text.replace(/\{n(?::(\d))?\}/g, (_, width?: string) => String(n).padStart(Number(width ?? 0), '0'));
}

const pattern = z.string().regex(/\{n(:\d)?\}/, { error: 'must contain {n}' });

/** Many agents that differ by a number: names and addresses count up from the first one. */
export const fleetConfig = z.strictObject({
  count: wholeNumber(1, 100_000),
  name: pattern.default('compute-{n:5}'),
  'first-address': ipv4Address.default('10.128.0.1'),
  /** The first address to connect from; counts up with the agents, within 127.0.0.0/8 for instance. */
  'first-local-address': ipv4Address.optional(),
  'control-nodes': z.array(remoteEndpoint(XMPP_PORT)).min(1),
  /** Agents of one network follow each other in the count. */
  networks: z
    .strictObject({
      /** Agents in each network. */
      size: wholeNumber(1, 100_000).default(10),
      name: pattern.default('default-domain:fleet:net-{n:4}:net-{n:4}'),
    })
    .prefault({}),
  /** Interfaces of each agent, and the address of the very first one. */
  interfaces: wholeNumber(0, 1000).default(1),
  'first-interface-address': ipv4Address.default('10.0.0.1'),
  /** Agents that may be connecting at one time. */
  wave: wholeNumber(1, 10_000).default(200),
  'hold-time': seconds(0, 3600).default(90),
});

export type FleetConfig = z.output<typeof fleetConfig>;
export type FleetConfigInput = z.input<typeof fleetConfig>;

/** Settings of single agents are optional at the top of a file, because it may list agents instead. */
export const agentFileConfig = agentShape
  .partial({ name: true, address: true, 'control-nodes': true })
  .extend({
    agents: z.array(agentShape).default([]),
    fleet: fleetConfig.optional(),
    introspect: introspect.prefault({}),
  })
  .superRefine((file, context) => {
    const refuse: Refuse = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
    const single =
      file.name !== undefined || file.address !== undefined || file['control-nodes'] !== undefined;
    if (single || (file.agents.length === 0 && file.fleet === undefined)) {
      for (const key of ['name', 'address', 'control-nodes'] as const) {
        if (file[key] === undefined)
          refuse([key], 'is missing (or list several under "agents", or a "fleet")');
      }
      checkAgent(file, [], refuse);
    }
    const names = new Map<string, string>(file.name === undefined ? [] : [[file.name, 'name']]);
    file.agents.forEach((agent, index) => {
      checkAgent(agent, ['agents', index], refuse);
      const other = names.get(agent.name);
      if (other !== undefined) refuse(['agents', index, 'name'], `is already the name at ${other}`);
      names.set(agent.name, `agents[${index}]`);
    });
    const folders = new Map<string, string>();
    file.agents.forEach(({ haproxy }, index) => {
      if (haproxy === undefined) return;
      const other = folders.get(haproxy.folder);
      if (other !== undefined)
        refuse(['agents', index, 'haproxy', 'folder'], `is already the folder of ${other}`);
      folders.set(haproxy.folder, `agents[${index}]`);
    });
  })
  .transform((file): AgentFile => {
    const { agents, fleet, introspect: views, ...single } = file;
    // Checked above: a file with a name has all that an agent needs.
    const all = single.name === undefined ? agents : [single as AgentConfig, ...agents];
    const count = all.length + (fleet?.count ?? 0);
    const first = all[0]?.name ?? numbered(fleet?.name ?? '', 0);
    return { name: count > 1 ? `${first}+${count - 1}` : first, agents: all, fleet, introspect: views };
  });

/** What a file holds: agents, or a fleet of them, and where their views are served. */
export interface AgentFile {
  /** The name of the agent; of several, the first name and how many others there are: `compute-1+99`. */
  readonly name: string;
  readonly agents: readonly AgentConfig[];
  readonly fleet: FleetConfig | undefined;
  readonly introspect: z.output<typeof introspect>;
}
