/** What every daemon of the suite offers to whoever runs it: the command line, or a lab with many in one process. */
export interface Daemon<Config> {
  /** Rejects, naming address and port, when it cannot listen. */
  start(): Promise<void>;
  stop(): Promise<void>;
  reload(config: Config): Promise<void> | void;
  /** Where its views are; undefined when it serves none. */
  readonly url: string | undefined;
}
