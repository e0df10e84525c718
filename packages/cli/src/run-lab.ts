/** What `vaportrail lab` does: starts the lab, tells its story, stays until it is told to go. */
import { Lab, Narrator, readTopology, tell, writeDeployment, type StoryReport } from '@vaportrail/lab';
import { bookManifests, defaultTopologyFile, gatewayKinds, type GatewayKind } from '@vaportrail/lab/topology';
import { createLog, type Log } from '@vaportrail/show';
import { join } from 'node:path';
import { exitCode, print } from './command.ts';
import { insideFabric, runInNamespaces } from './namespaces.ts';

export interface LabOptions {
  readonly topology: string;
  readonly namespaces?: true;
  /** A folder, or that there are none. */
  readonly manifests?: string | false;
  readonly write?: string;
  readonly once?: true;
  readonly json?: true;
  readonly peers?: readonly GatewayKind[];
}

/** @throws ConfigError for a bad topology; Error when something does not start */
export async function runLab(options: LabOptions): Promise<void> {
  const topology = readTopology(options.topology);
  if (options.write !== undefined) {
    for (const name of await writeDeployment(topology, options.write)) print(join(options.write, name));
    return;
  }
  if (options.namespaces === true && insideFabric() === undefined) {
    process.exitCode = await runInNamespaces(topology, options.peers ?? gatewayKinds);
    return;
  }
  const interrupted = interruption();
  const log = createLog('lab', process.env['VAPORTRAIL_LOG'] ?? 'silent');
  const running = await Lab.start({
    topology,
    ...insideFabric()?.settings,
    ...storyManifests(options),
    ...(options.peers === undefined ? {} : { peers: options.peers }),
    log,
    manifestLog: manifestLog(log),
  });
  try {
    const report = await (options.json === true
      ? tell(running, { signal: interrupted })
      : narrate(running, interrupted));
    if (report === undefined) {
      process.stderr.write('interrupted\n');
      process.exitCode = exitCode.failed;
      return;
    }
    if (options.json === true) print(JSON.stringify(report, null, 2));
    process.exitCode = report.held ? exitCode.ok : exitCode.failed;
    if (options.json === true || options.once === true) return;
    print(lookAround(running, insideFabric()?.reach ?? ''));
    if (!interrupted.aborted) await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
  } finally {
    await running.stop();
  }
}

/** Who edits the manifests of a lab that stays up hears what is wrong with them, in words; the rest goes to the log. */
function manifestLog(log: Log): Log {
  const told: Log = {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn(fields, message) {
      const { object, place } = fields as { readonly object?: string; readonly place?: string };
      process.stderr.write(`${[place, object, message].filter((each) => each !== undefined).join(': ')}\n`);
    },
    error: (fields, message) => log.error(fields, message),
    child: () => told,
  };
  return told;
}

/** The manifests that were asked for; those of the book go with its topology, and another one has its own lists. */
function storyManifests({ manifests, topology }: LabOptions): { readonly storyManifests?: string } {
  if (typeof manifests === 'string') return { storyManifests: manifests };
  return manifests !== false && topology === defaultTopologyFile ? { storyManifests: bookManifests } : {};
}

async function narrate(running: Lab, signal: AbortSignal): Promise<StoryReport | undefined> {
  const narrator = new Narrator({
    write: (text) => process.stdout.write(text),
    color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    width: Math.min(process.stdout.columns ?? 100, 110),
  });
  narrator.opening(running);
  const report = await tell(running, { listener: narrator, signal });
  if (report !== undefined) narrator.closing(report);
  return report;
}

function lookAround(running: Lab, reach: string): string {
  return [
    '',
    'The lab stays up until Ctrl-C. Look around from another terminal:',
    `  ${reach}npx vaportrail show neighbors`,
    `  ${reach}npx vaportrail show routes ${running.prefix}`,
    `  ${reach}npx vaportrail show vrf`,
    ...(running.manifests === undefined
      ? []
      : [
          `  ${reach}npx vaportrail trace service ${running.service.name}`,
          `Edit the manifests and see what becomes of it: ${running.manifests.folder}`,
        ]),
    ...running.peers.flatMap(({ access, kind }) =>
      access === undefined ? [] : [`  ${kind === 'gateway' ? reach : ''}${access}`],
    ),
  ].join('\n');
}

/** Aborted when the user has had enough; asking twice does not wait for a proper end. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
      process.once(signal, () => process.exit(exitCode.failed));
    });
  }
  return controller.signal;
}
