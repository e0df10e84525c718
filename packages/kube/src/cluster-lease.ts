/**
 * Who looks after a cluster: one kube at a time, because two undo each other's work for ever. A lease in the configuration
 * says who. It is renewed while its holder lives; who waits for it takes the place of one that has been silent for long. The
 * times of others are not compared with ours: what counts is how long we have not seen the lease change.
 * @see https://kubernetes.io/docs/concepts/architecture/leases/
 */
import type { ConfigClient } from '@vaportrail/config';
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import { ConfigRequestError, type ConfigObject } from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import { randomUUID } from 'node:crypto';

/** Milliseconds between two renewals, between two looks of one who waits, and until a silent holder is given up. */
const RENEWAL = 5000;
const LOOK = 1000;
const SILENCE = 15_000;

export interface ClusterLeaseOptions {
  readonly cluster: string;
  /** How others call us: `kube on node1 (pid 71)`. */
  readonly holder: string;
  /** Somebody else looks after the cluster from now on. */
  readonly lost: (holder: string) => void;
  readonly clock?: Clock;
  readonly log?: Log;
}

export class ClusterLease {
  readonly #client: ConfigClient;
  readonly #options: ClusterLeaseOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fqName: readonly string[];
  /** Of the lease that is ours: who removes another one by its UUID never removes this. */
  readonly #uuid = randomUUID();
  #isOver = false;
  #unfollow: (() => void) | undefined;
  #renewal: Timer | undefined;

  constructor(client: ConfigClient, options: ClusterLeaseOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#fqName = [`kube-${options.cluster}`];
  }

  /** Whether the cluster is ours to look after. */
  get isHeld(): boolean {
    return this.#unfollow !== undefined && !this.#isOver;
  }

  /** Removes what an earlier process left behind, where nobody else can have the configuration open. */
  async clear(): Promise<void> {
    const left = this.#present;
    if (left !== undefined) await this.#remove(left.uuid);
  }

  /** Waits until nobody else has the cluster. @throws Error when it is released meanwhile */
  async acquire(): Promise<void> {
    let seen: ConfigObject | undefined;
    let since = 0;
    for (;;) {
      if (this.#isOver) throw new Error('the lease was given up before it was had');
      const present = this.#present;
      if (present === undefined) {
        if (await this.#isTaken()) break;
      } else if (seen === undefined || renewedAt(present) !== renewedAt(seen)) {
        if (holderOf(seen) !== holderOf(present)) this.#tellWaiting(present);
        since = this.#clock.now();
      } else if (this.#clock.now() - since >= SILENCE) {
        this.#log.warn({}, `${holderOf(present)} has been silent for ${SILENCE / 1000} s: taking its place`);
        await this.#remove(present.uuid);
        since = this.#clock.now();
      }
      seen = present;
      await new Promise<void>((resolve) => this.#clock.after(LOOK, resolve));
    }
    this.#unfollow = this.#client.follow(({ type, object }) => {
      if (type === 'deleted' && object.uuid === this.#uuid) void this.#regain();
    });
    this.#renewLater();
  }

  /** Lets somebody else have the cluster at once. */
  async release(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    if (this.#present?.uuid === this.#uuid) await this.#remove(this.#uuid);
  }

  get #present(): ConfigObject | undefined {
    return this.#client.graph.byName('lease', this.#fqName);
  }

  #end(): void {
    this.#isOver = true;
    this.#unfollow?.();
    this.#renewal?.cancel();
  }

  /** Makes the lease; yields whether it is ours, and not somebody else's who was faster. */
  async #isTaken(): Promise<boolean> {
    const properties = this.#properties();
    try {
      await this.#client.create('lease', { uuid: this.#uuid, fqName: this.#fqName, properties });
      return true;
    } catch (error) {
      this.#tell(error, 409);
      return false;
    }
  }

  /** Ours is gone: by a slip, or because somebody thought that we are. */
  async #regain(): Promise<void> {
    if (this.#isOver || (await this.#isTaken())) return;
    const holder = holderOf(this.#present) ?? 'somebody else';
    this.#end();
    this.#options.lost(holder);
  }

  #renewLater(): void {
    this.#renewal = this.#clock.after(RENEWAL, () => {
      this.#client
        .update('lease', this.#uuid, { properties: this.#properties() })
        .catch((error: unknown) => this.#tell(error, 404))
        .finally(() => {
          if (!this.#isOver) this.#renewLater();
        });
    });
  }

  async #remove(uuid: string): Promise<void> {
    await this.#client.delete('lease', uuid).catch((error: unknown) => this.#tell(error, 404));
  }

  /** Whatever went wrong is tried again; the status says that others were faster, which is nothing to tell. */
  #tell(error: unknown, faster: number): void {
    if (error instanceof ConfigRequestError && error.status === faster) return;
    this.#log.warn({}, `lease of cluster ${this.#options.cluster}: ${(error as Error).message}`);
  }

  #tellWaiting(present: ConfigObject): void {
    const message = `${holderOf(present)} looks after cluster ${this.#options.cluster} in this configuration: waiting until it ends`;
    this.#log.warn({}, `${message} (another cluster needs another --cluster-name)`);
  }

  #properties(): Record<string, string> {
    const renewed = new Date(this.#clock.now()).toISOString();
    return { lease_holder: this.#options.holder, lease_renewed: renewed };
  }
}

function holderOf(lease: ConfigObject | undefined): string | undefined {
  return lease?.properties['lease_holder'] as string | undefined;
}

/** When, and by whom: two holders may renew at the same time. */
function renewedAt({ uuid, properties }: ConfigObject): string {
  return `${uuid} ${String(properties['lease_renewed'])}`;
}
