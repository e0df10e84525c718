/** What a config node tells a control node: routing instances beside those of its file, and objects for its agents. */
import { ConfigChannel, type ConfigChannelView, type Log } from '@vaportrail/show';

import type { ControlNodeConfig, RoutingInstanceConfig } from './config.ts';
import { readToldInstances } from './told-instances.ts';

/** Who hears of it. */
export interface ToldConfigurationHandlers {
  /** The routing instances are others than before. */
  instancesChanged(): void;
  /** A line of `/watch/objects`; the first of a stream says everything. */
  object(line: unknown, first: boolean): void;
}

/** One for a control node: two streams of its config node, each followed once it is asked for. */
export class ToldConfiguration {
  readonly #instanceChannel: ConfigChannel | undefined;
  readonly #objectChannel: ConfigChannel | undefined;
  readonly #handlers: ToldConfigurationHandlers;
  #instances: readonly RoutingInstanceConfig[] = [];

  /** @param node where it is asked; undefined: nobody tells anything */
  constructor(node: ControlNodeConfig['config'], handlers: ToldConfigurationHandlers, log: Log) {
    this.#handlers = handlers;
    if (node === undefined) return;
    this.#instanceChannel = new ConfigChannel(
      node,
      '/watch/routing-instances',
      (line) => this.#takeInstances(line),
      { log },
    );
    this.#objectChannel = new ConfigChannel(
      node,
      '/watch/objects',
      (line, first) => handlers.object(line, first),
      { log },
    );
  }

  /** Routing instances as they were told last. */
  get instances(): readonly RoutingInstanceConfig[] {
    return this.#instances;
  }

  /** Undefined without a config node. */
  get view(): ConfigChannelView | undefined {
    return this.#instanceChannel?.view;
  }

  /** Follows the routing instances from now on. */
  start(): void {
    this.#instanceChannel?.start();
  }

  /** Follows the objects as well. */
  followObjects(): void {
    this.#objectChannel?.start();
  }

  /** Follows nothing any more. */
  async close(): Promise<void> {
    await Promise.all([this.#instanceChannel?.close(), this.#objectChannel?.close()]);
  }

  #takeInstances(line: unknown): void {
    const { values, problems } = readToldInstances(line);
    this.#instances = values;
    this.#handlers.instancesChanged();
    if (problems.length > 0) throw new Error(problems.join('; '));
  }
}
