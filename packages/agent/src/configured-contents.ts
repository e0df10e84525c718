/** What its file and a config node say is on a node: made so, without touching what a program added. */
import { AgentError } from './agent-error.ts';
import type { ForwardingTables } from './forwarding-tables.ts';
import type { LoadBalancers } from './load-balancer/load-balancers.ts';
import { type NodeContents, nothing, readTold, together } from './told-settings.ts';

export class ConfiguredContents {
  readonly #tables: ForwardingTables;
  /** Undefined in a replay, where the recording says what proxies did. */
  readonly #proxies: LoadBalancers | undefined;
  #file: NodeContents;
  #told = nothing;
  /** Both. */
  #configured: NodeContents;
  /** Configured interfaces at whose addresses no proxy answers. */
  #withheld: ReadonlySet<string>;

  /** @throws AgentError when two parts of the file contradict each other */
  constructor(file: NodeContents, tables: ForwardingTables, proxies: LoadBalancers | undefined) {
    this.#tables = tables;
    this.#proxies = proxies;
    this.#file = file;
    this.#configured = file;
    this.#withheld = proxied(file);
    for (const vrf of file.vrfs) tables.vrfs.declare(vrf);
    for (const one of file.interfaces) if (!this.#withheld.has(one.name)) tables.interfaces.add(one);
  }

  /** Begins to run the proxies of load balancers. */
  start(): void {
    this.#proxies?.reconcile(this.#configured['load-balancers']);
  }

  /** The file says something else. */
  load(file: NodeContents): void {
    this.#file = file;
    this.#reconcile();
  }

  /**
   * Takes what somebody told; the first line of a stream says everything.
   * @throws AgentError naming what cannot be used; the rest is
   */
  take(line: unknown, first: boolean): void {
    const { contents, problems } = readTold(line, this.#told, first);
    this.#told = contents;
    this.#reconcile();
    if (problems.length > 0) throw new AgentError(problems.join('; '));
  }

  /** Publishes all configured interfaces but these: no proxy answers at their addresses. */
  withhold(names: readonly string[]): void {
    this.#withheld = new Set(names);
    this.#publishInterfaces(this.#configured.interfaces);
  }

  #reconcile(): void {
    const { vrfs } = this.#tables;
    const before = this.#configured;
    const wanted = together(this.#file, this.#told);
    this.#configured = wanted;
    for (const vrf of wanted.vrfs) vrfs.declare(vrf);
    if (this.#proxies === undefined) {
      const known = proxied(before);
      this.#withheld = new Set(
        [...proxied(wanted)].filter((name) => this.#withheld.has(name) || !known.has(name)),
      );
    } else {
      this.#proxies.reconcile(wanted['load-balancers']);
      this.#withheld = this.#proxies.withheld();
    }
    this.#publishInterfaces(before.interfaces);
    const kept = new Set(wanted.vrfs.map(({ name }) => name));
    for (const { name } of before.vrfs) {
      const vrf = vrfs.get(name);
      if (vrf !== undefined && !kept.has(name)) vrfs.undeclare(vrf);
    }
  }

  /** Makes the configured interfaces be there, but for those at whose address no proxy answers. */
  #publishInterfaces(before: NodeContents['interfaces']): void {
    const wanted = this.#configured.interfaces.filter(({ name }) => !this.#withheld.has(name));
    this.#tables.interfaces.reconcile(
      wanted,
      before.map(({ name }) => name),
    );
  }
}

/** Interfaces that are addresses of load balancers. */
function proxied(config: NodeContents): Set<string> {
  return new Set(config['load-balancers'].map((balancer) => balancer.interface));
}
