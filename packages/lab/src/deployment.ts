/** The files of a lab whose routers run one by one: in containers, in virtual machines, under an init system. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { lanAddresses } from './addressing.ts';
import {
  agentSettings,
  controlNodeSettings,
  frrSettings,
  gatewaySettings,
  gobgpSettings,
} from './daemon-settings.ts';
import { frrConfig } from './peers/frr-config.ts';
import { gobgpConfig } from './peers/gobgp.ts';
import type { GatewayTopology, Topology } from './topology.ts';

/** Ports of the views, those of Contrail's introspect where it has one. */
const introspectPort = { 'control-node': 8083, agent: 8085, gateway: 8086 } as const;

/**
 * Every configuration file of a topology by its name. All routers are on one LAN with the control node, all services
 * have all their pods, and the gateways use every path.
 */
export function deploymentFiles(topology: Topology): Map<string, string> {
  const addressing = lanAddresses(topology);
  const files = new Map<string, string>();
  const yaml = (name: string, kind: keyof typeof introspectPort, address: string, settings: object): void => {
    const introspect = { address: addressing.at(address), port: introspectPort[kind] };
    files.set(
      `${name}.yaml`,
      `# vaportrail ${kind} -c ${name}.yaml\n${stringify({ ...settings, introspect }, { aliasDuplicateObjects: false })}`,
    );
  };
  for (const { name, address } of topology['control-nodes']) {
    yaml(name, 'control-node', address, controlNodeSettings(topology, name, addressing, topology.gateways));
  }
  for (const { name, address } of topology.nodes) {
    yaml(
      name,
      'agent',
      address,
      agentSettings(topology, name, addressing, ({ backends }) => backends.length),
    );
  }
  for (const gateway of topology.gateways) {
    if (gateway.kind === 'gateway') {
      yaml(gateway.name, 'gateway', gateway.address, gatewaySettings(topology, gateway, addressing, true));
    } else files.set(...foreignConfig(topology, gateway));
  }
  return files;
}

function foreignConfig(topology: Topology, gateway: GatewayTopology): [string, string] {
  const addressing = lanAddresses(topology);
  if (gateway.kind === 'frr') {
    const settings = { ...frrSettings(topology, gateway, addressing), maximumPaths: 8 };
    return [`${gateway.name}.conf`, frrConfig(settings)];
  }
  return [`${gateway.name}.toml`, gobgpConfig(gobgpSettings(topology, gateway, addressing))];
}

/** Writes the files of a topology into a folder, which is made; yields their names. */
export async function writeDeployment(topology: Topology, folder: string): Promise<string[]> {
  const files = deploymentFiles(topology);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return [...files.keys()];
}
