/** Runs a daemon in the foreground: configuration, start, signals, end. */
import type { Daemon } from '@vaportrail/lab';
import {
  ConfigError,
  announceEndpoint,
  createLog,
  type DaemonView,
  type Endpoint,
  type Log,
} from '@vaportrail/show';
import { DEFAULT_RECORDING_LIMIT, Recorder } from '@vaportrail/show/recording';
import { systemClock } from '@vaportrail/net';
import { exitCode, UsageError, type Command } from './command.ts';

/** A name, and what to add to every query so that this one of several answers. */
export type NamedEndpoint = Pick<Endpoint, 'name' | 'query' | 'members'>;

/** A recording that was asked for. */
export interface RecordOptions {
  readonly file: string;
  /** Octets. */
  readonly limit: number;
}

interface DaemonSettings<Config> {
  readonly kind: DaemonView['kind'];
  readonly file: string;
  /** Only read the configuration and say whether it is good. */
  readonly check: boolean;
  /** @throws ConfigError */
  readonly read: (file: string) => Config;
  /** Where everything the daemon is told is written; undefined when it is not. */
  readonly record?: RecordOptions | undefined;
  readonly create: (
    config: Config,
    log: Log,
    recorder: Recorder | undefined,
  ) => Daemon<Config> | Promise<Daemon<Config>>;
  /** Names under which `vaportrail show --from` finds it, its own first. */
  readonly endpoints: (config: Config) => readonly NamedEndpoint[];
}

/**
 * Reads the configuration, starts the daemon and stays until SIGTERM or SIGINT, which end it properly with exit code
 * 0; SIGHUP reads the configuration again, and a bad one changes nothing.
 * @throws ConfigError before anything starts; Error when it cannot start (address in use)
 */
export async function runDaemon<Config>(settings: DaemonSettings<Config>): Promise<void> {
  const { kind, file, check, read, create, endpoints, record } = settings;
  const config = read(file);
  if (check) {
    process.stdout.write(`${file}: configuration is good\n`);
    return;
  }
  const log = createLog(endpoints(config)[0]?.name ?? kind);
  const daemon = await create(config, log, record && openRecording(record, log));
  await daemon.start();
  process.on('SIGHUP', () => {
    void (async () => {
      try {
        await daemon.reload(read(file));
        log.info({ file }, 'configuration read again');
      } catch (error) {
        const problems =
          error instanceof ConfigError ? error.message.split('\n') : [(error as Error).message];
        log.error({ file, problems }, 'the new configuration is not used');
      }
    })();
  });

  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, resolve);
  });

  // Whoever reads that it is up may send signals at once.
  const { url } = daemon;
  if (url !== undefined) for (const each of endpoints(config)) announceEndpoint({ kind, url, ...each });
  log.info({ kind, file, url }, `${kind} is up`);

  const signal = await stopped;
  log.info({ signal }, `${kind} stops`);
  // Whoever sends the signal again does not want to wait.
  for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, () => process.exit(exitCode.failed));
  await daemon.stop();
  // Nothing may keep a stopped daemon alive, not even a forgotten timer. Its notes go with the process.
  process.exit(exitCode.ok);
}

/** @throws Error of the system when the file cannot be written */
function openRecording({ file, limit }: RecordOptions, log: Log): Recorder {
  return new Recorder(file, {
    clock: systemClock,
    limit,
    ended: (because) => log.error({ recording: file, because }, 'the recording ends, the daemon goes on'),
  });
}

const MIB = 1024 * 1024;

/** Adds `--record`; {@link recordOptions} reads it. */
export function addRecordOptions(command: Command): Command {
  return command
    .option('--record <file>', 'append everything the daemon is told to a file, for "vaportrail replay"')
    .option(
      '--record-limit <MiB>',
      'end the recording when the file has this size',
      String(DEFAULT_RECORDING_LIMIT / MIB),
    );
}

/** @throws UsageError when the limit is no size */
export function recordOptions(options: Readonly<Record<string, unknown>>): RecordOptions | undefined {
  const { record, recordLimit } = options;
  if (!/^[1-9]\d{0,6}$/.test(String(recordLimit))) {
    throw new UsageError(`--record-limit: "${String(recordLimit)}" is not a number of MiB`);
  }
  return typeof record === 'string' ? { file: record, limit: Number(recordLimit) * MIB } : undefined;
}

/** Adds the options every daemon takes; the action gets the file and whether only to check it. */
export function addDaemonOptions(
  command: Command,
  action: (options: {
    readonly file: string;
    readonly check: boolean;
    readonly given: Readonly<Record<string, unknown>>;
  }) => Promise<void>,
): void {
  command
    .requiredOption('-c, --config <file>', 'configuration in YAML')
    .option('--check', 'only say whether the configuration is good', false)
    .addHelpText(
      'after',
      '\ndocs/configuration.md has examples and every setting; "vaportrail lab --write FOLDER" writes files to begin with.' +
        '\nSIGHUP reads the configuration again; SIGTERM and SIGINT end the sessions and the daemon.',
    )
    .action(({ config, check, ...given }: { config: string; check: boolean }) =>
      action({ file: config, check, given }),
    );
}
