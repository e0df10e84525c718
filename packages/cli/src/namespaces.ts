/** Runs this very command again inside a fabric of network namespaces. */
import {
  Fabric,
  Namespace,
  existingNamespace,
  realAddresses,
  thisNetwork,
  type GatewayKind,
  type LabSettings,
  type Topology,
} from '@vaportrail/lab';
import { spawn } from 'node:child_process';
import { exitCode } from './command.ts';

/** Tells the command inside which namespaces the real peers have: JSON of gateway name → namespace. */
const VARIABLE = 'VAPORTRAIL_NAMESPACES';

/** How a lab inside a fabric is started; undefined outside of one. */
export function insideFabric(): Pick<LabSettings, 'addressing' | 'place'> | undefined {
  const text = process.env[VARIABLE];
  if (text === undefined) return undefined;
  const places = JSON.parse(text) as Record<string, string>;
  return {
    addressing: realAddresses,
    place: ({ name }) => (places[name] === undefined ? thisNetwork : existingNamespace(places[name])),
  };
}

/** Builds the fabric, runs the command in it to its end, and takes the fabric down; yields the exit code. */
export async function runInNamespaces(topology: Topology, kinds: readonly GatewayKind[]): Promise<number> {
  const unavailable = await Namespace.unavailable();
  if (unavailable !== undefined) throw new Error(unavailable);
  const fabric = await Fabric.create(topology, kinds);
  try {
    const [program, ...args] = fabric.inner.command([process.execPath, ...process.argv.slice(1)]);
    const child = spawn(program!, args, {
      stdio: 'inherit',
      env: { ...process.env, [VARIABLE]: JSON.stringify(fabric.places) },
    });
    // Ctrl-C reaches the child by the terminal; a signal to this process alone has to be handed on.
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on('SIGTERM', pass).on('SIGINT', () => {});
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? exitCode.failed));
    });
  } finally {
    await fabric.remove();
  }
}
