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

/** Tells the command inside where it is: JSON of {@link Situation}. */
const VARIABLE = 'VAPORTRAIL_NAMESPACES';

interface Situation {
  /** The namespace of the fabric. */
  readonly fabric: string;
  /** Name of a gateway → the namespace it has. */
  readonly places: Readonly<Record<string, string>>;
}

/** How a lab inside a fabric is started, and how to reach it from outside; undefined outside of one. */
export function insideFabric():
  { readonly settings: Pick<LabSettings, 'addressing' | 'place'>; readonly reach: string } | undefined {
  const text = process.env[VARIABLE];
  if (text === undefined) return undefined;
  const { fabric, places } = JSON.parse(text) as Situation;
  return {
    settings: {
      addressing: realAddresses,
      place: ({ name }) => (places[name] === undefined ? thisNetwork : existingNamespace(places[name])),
    },
    reach: `ip netns exec ${fabric} `,
  };
}

/** Builds the fabric, runs the command in it to its end, and takes the fabric down; yields the exit code. */
export async function runInNamespaces(topology: Topology, kinds: readonly GatewayKind[]): Promise<number> {
  const unavailable = await Namespace.unavailable();
  if (unavailable !== undefined) throw new Error(unavailable);
  const fabric = await Fabric.create(topology, kinds);
  try {
    const situation: Situation = { fabric: fabric.inner.name, places: fabric.places };
    const [program, ...args] = fabric.inner.command([process.execPath, ...process.argv.slice(1)]);
    const child = spawn(program!, args, {
      stdio: 'inherit',
      env: { ...process.env, [VARIABLE]: JSON.stringify(situation) },
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
