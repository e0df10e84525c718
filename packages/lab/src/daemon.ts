/** A daemon of the suite in this process: what it offers, and how it is started. */
import { announceEndpoint, type DaemonView } from '@vaportrail/show';

/** What every daemon of the suite offers to whoever runs it: the command line, or a lab with many in one process. */
export interface Daemon<Config> {
  /** Rejects, naming address and port, when it cannot listen. */
  start(): Promise<void>;
  stop(): Promise<void>;
  reload(config: Config): Promise<void> | void;
  /** Where its views are; undefined when it serves none. */
  readonly url: string | undefined;
}

/** What takes back what was started, to be done last first. */
export type Undo = (() => Promise<void> | void)[];

/** Starts a daemon in this process, where commands find it. */
export async function startDaemon(
  kind: DaemonView['kind'],
  name: string,
  daemon: Pick<Daemon<never>, 'start' | 'stop' | 'url'>,
  undo: Undo,
): Promise<void> {
  undo.push(() => daemon.stop());
  await daemon.start();
  if (daemon.url !== undefined) undo.push(announceEndpoint({ kind, name, url: daemon.url }));
}
