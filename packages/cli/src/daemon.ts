/** Runs a daemon in the foreground: configuration, start, signals, end. */
import {
  ConfigError,
  announceEndpoint,
  createLog,
  readConfigFile,
  type DaemonView,
  type Log,
} from '@vaportrail/show';
import { exitCode } from './command.ts';

/** What every daemon of the suite offers. */
export interface Daemon<Config> {
  start(): Promise<void>;
  stop(): Promise<void>;
  reload(config: Config): Promise<void> | void;
  /** Where its views are; undefined when it serves none. */
  readonly url: string | undefined;
}

interface DaemonSettings<Schema extends Parameters<typeof readConfigFile>[1], Config> {
  readonly kind: DaemonView['kind'];
  readonly file: string;
  /** Only read the configuration and say whether it is good. */
  readonly check: boolean;
  readonly schema: Schema;
  readonly create: (config: Config, log: Log) => Daemon<Config>;
}

/**
 * Reads the configuration, starts the daemon and stays until SIGTERM or SIGINT, which end it properly with exit code
 * 0; SIGHUP reads the configuration again, and a bad one changes nothing.
 * @throws ConfigError before anything starts; Error when it cannot start (address in use)
 */
export async function runDaemon<
  Schema extends Parameters<typeof readConfigFile>[1],
  Config extends { name: string },
>({ kind, file, check, schema, create }: DaemonSettings<Schema, Config>): Promise<void> {
  const read = (): Config => readConfigFile(file, schema) as unknown as Config;
  const config = read();
  if (check) {
    process.stdout.write(`${file}: configuration is good\n`);
    return;
  }
  const log = createLog(config.name);
  const daemon = create(config, log);
  await daemon.start();
  const withdraw = daemon.url === undefined ? undefined : announceEndpoint(kind, config.name, daemon.url);
  log.info({ kind, file, url: daemon.url }, `${kind} is up`);

  process.on('SIGHUP', () => {
    void (async () => {
      try {
        await daemon.reload(read());
        log.info({ file }, 'configuration read again');
      } catch (error) {
        const problems =
          error instanceof ConfigError ? error.message.split('\n') : [(error as Error).message];
        log.error({ file, problems }, 'the new configuration is not used');
      }
    })();
  });

  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, resolve);
  });
  log.info({ signal }, `${kind} stops`);
  // Whoever sends the signal again does not want to wait.
  for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, () => process.exit(exitCode.failed));
  withdraw?.();
  await daemon.stop();
  // Nothing may keep a stopped daemon alive, not even a forgotten timer.
  process.exit(exitCode.ok);
}
