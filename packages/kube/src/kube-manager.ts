/**
 * Kubernetes objects in, configuration objects out: keeps what is there, maps what changed, has it written, and tells
 * each Service its external addresses.
 */
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import type { ConfigEvent } from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from '@vaportrail/config';
import { Cluster, keyOf, objectKey, type ObjectKey } from './cluster.ts';
import type { KubernetesObject, Service } from './kubernetes-object.ts';
import { bootstrapObjects } from './mapping/bootstrap.ts';
import { defaultSettings, type ClusterSettings } from './mapping/cluster-settings.ts';
import type { Desired, Note, ObjectName } from './mapping/desired-object.ts';
import { type ClusterSurroundings, desiredOf } from './mapping/desired-of.ts';
import { ObjectNotes } from './object-notes.ts';
import { PoolDirectory } from './pool-directory.ts';
import { Reconciler } from './reconciler.ts';
import { Retries } from './retries.ts';
import { ToldAddresses } from './told-addresses.ts';

/** Stands for the cluster itself among the keys of objects. */
const BOOTSTRAP: ObjectKey = 'cluster';
/** Milliseconds between two times that everything is mapped again, whether anybody saw it change or not. */
const RESYNC_INTERVAL = 600_000;
/** Objects of one kind brought up at a time: their writes share transactions. */
const AT_ONCE = 500;

/** Where Kubernetes learns what became of its objects. */
export interface KubernetesReports {
  /** The external addresses of a LoadBalancer: `status.loadBalancer.ingress`. */
  ingress(service: Service, addresses: readonly string[]): void;
  /** Something about an object: an event on it. */
  event(of: KubernetesObject, note: Note): void;
}

/** Where the manager writes, by which settings, and who hears what came of it. */
export interface KubeManagerOptions {
  readonly client: ConfigClient;
  readonly settings?: Partial<ClusterSettings>;
  readonly reports?: Partial<KubernetesReports>;
  /** `file:line` of an object that comes from a manifest, for the log. */
  readonly placeOf?: (key: ObjectKey) => string | undefined;
  readonly log?: Log;
  readonly clock?: Clock;
}

/**
 * A source puts and removes Kubernetes objects, and says `synced` when it has put all there are; until then nothing
 * is written.
 */
export class KubeManager {
  readonly cluster = new Cluster();
  readonly settings: ClusterSettings;
  readonly #client: ConfigClient;
  readonly #reconciler: Reconciler;
  readonly #reports: Partial<KubernetesReports>;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #dirty = new Set<ObjectKey>();
  readonly #notes: ObjectNotes;
  readonly #retries: Retries;
  readonly #pools: PoolDirectory;
  readonly #ingress: ToldAddresses;
  readonly #surroundings: ClusterSurroundings;
  #work: Promise<void> | undefined;
  #held = true;
  #sweep = false;
  #unfollow: (() => void) | undefined;
  #resync: Timer | undefined;
  #stopped = false;

  constructor(options: KubeManagerOptions) {
    this.#client = options.client;
    this.settings = { ...defaultSettings, ...options.settings };
    this.#reports = options.reports ?? {};
    this.#log = options.log ?? silentLog;
    this.#clock = options.clock ?? systemClock;
    this.#reconciler = new Reconciler(options.client);
    this.#notes = new ObjectNotes({
      log: this.#log,
      placeOf: options.placeOf ?? (() => undefined),
      event: (of, note) => this.#reports.event?.(of, note),
    });
    this.#retries = new Retries(this.#clock, (key) => this.#touch([key]));
    this.#pools = new PoolDirectory(options.client.graph);
    this.#surroundings = {
      settings: this.settings,
      cluster: this.cluster,
      addressOf: (floatingIp) => this.#addressOf(floatingIp),
      hasPool: (pool) => this.#pools.has(pool),
      hasRouteTarget: (pool) => this.#pools.hasRouteTarget(pool),
    };
    this.#ingress = new ToldAddresses((service, addresses) => {
      this.#log.info(
        { object: keyOf({ kind: 'Service', object: service }), addresses },
        'external addresses',
      );
      this.#reports.ingress?.(service, addresses);
    });
  }

  /** Whether all objects that exist have been put. */
  get isSynced(): boolean {
    return !this.#held;
  }

  /** Writes to the configuration so far. */
  get writes(): number {
    return this.#reconciler.writes;
  }

  /** What there is to say about an object: why it has no address, what of it is not done. */
  notes(kind: KubernetesObject['kind'], namespace: string | undefined, name: string): readonly Note[] {
    return this.#notes.of(objectKey(kind, namespace, name));
  }

  /** What is wrong with objects as they are now. */
  warnings(): Iterable<readonly [ObjectKey, Note]> {
    return this.#notes.warnings();
  }

  /** Makes the objects of the cluster itself. */
  async start(): Promise<void> {
    this.#pools.read();
    this.#unfollow = this.#client.follow((event) => this.#configChanged(event));
    const failures = await this.#reconciler.apply(BOOTSTRAP, bootstrapObjects(this.settings));
    if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('\n'));
    this.#resyncLater();
  }

  /** Takes in an object that was added or changed. */
  put(one: KubernetesObject): void {
    this.#touch(this.cluster.put(one));
  }

  /** Takes an object out that is gone; what depended on it is mapped anew. */
  remove(key: ObjectKey): void {
    this.#touch(this.cluster.remove(key));
  }

  /**
   * All objects that exist have been put: only now is anything written, so that a restart does not take away what has
   * merely not been listed yet. What is left over from an earlier run goes afterwards.
   */
  synced(): void {
    this.#held = false;
    this.#sweep = true;
    this.#begin();
  }

  /** Maps everything again: what somebody else removed or changed comes back, though nobody was told of it. */
  resync(): void {
    this.#touch([BOOTSTRAP, ...this.cluster.keys]);
  }

  /** Waits until everything put so far has been written or has failed. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Begins nothing new; resolves when what was begun is written or has failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow?.();
    this.#resync?.cancel();
    this.#retries.clear();
    await this.settled();
  }

  #resyncLater(): void {
    this.#resync = this.#clock.after(RESYNC_INTERVAL, () => {
      this.resync();
      this.#resyncLater();
    });
  }

  #touch(keys: Iterable<ObjectKey>): void {
    for (const key of keys) this.#dirty.add(key);
    this.#begin();
  }

  #begin(): void {
    if (this.#held || this.#stopped || this.#work !== undefined) return;
    if (this.#dirty.size === 0 && !this.#sweep) return;
    // Everything put in the same turn is done together, namespaces before what lives in them.
    this.#work = Promise.resolve()
      .then(() => this.#drain())
      .catch((error: unknown) => this.#log.error({ err: error }, 'mapping stopped'))
      .finally(() => {
        this.#work = undefined;
        this.#begin();
      });
  }

  async #drain(): Promise<void> {
    while (this.#dirty.size > 0 && !this.#stopped) {
      const keys = [...this.#dirty];
      // What goes first makes room for what comes: Services before pods, pods before namespaces, then the other way.
      const rank = (key: ObjectKey): number =>
        this.cluster.get(key) === undefined ? -1 - order(key) : 1 + order(key);
      for (const rankNow of [...new Set(keys.map(rank))].sort((a, b) => a - b)) {
        await this.#bringAll(keys.filter((key) => rank(key) === rankNow));
      }
    }
    if (!this.#sweep) return;
    this.#sweep = false;
    for (const { message } of await this.#reconciler.sweep(this.settings.name))
      this.#log.warn({}, `left over from an earlier run: ${message}`);
  }

  /** Brings up objects of one kind: some are mapped while those before them are written. */
  async #bringAll(keys: readonly ObjectKey[]): Promise<void> {
    let before: Promise<unknown> = Promise.resolve();
    for (let at = 0; at < keys.length && !this.#stopped; at += AT_ONCE) {
      const part = Promise.all(keys.slice(at, at + AT_ONCE).map((key) => this.#bring(key)));
      // Why it failed is said below.
      part.catch(() => undefined);
      await before;
      // Where nothing has to be written nobody else would get a turn.
      await new Promise((resolve) => setImmediate(resolve));
      before = part;
    }
    await before;
  }

  async #bring(key: ObjectKey): Promise<void> {
    // What changed up to here is in what it is mapped to now.
    this.#dirty.delete(key);
    const one = this.cluster.get(key);
    const desired = key === BOOTSTRAP ? bootstrapObjects(this.settings) : desiredOf(one, this.#surroundings);
    const failures = await this.#reconciler.apply(key, desired);
    const notes: Note[] = [
      ...desired.notes,
      ...failures.map(({ object, message }): Note => {
        const reason = object.type === 'floating-ip' ? 'FloatingIpFailed' : 'ConfigurationFailed';
        return { level: 'warning', reason, message };
      }),
    ];
    this.#notes.tell(key, one, notes);
    if (failures.length > 0) this.#retries.later(key);
    else this.#retries.succeeded(key);
    if (one?.kind === 'Service') this.#ingress.tell(key, one.object, this.#externalAddresses(desired));
    else this.#ingress.forget(key);
  }

  #addressOf({ type, fqName }: ObjectName): string | undefined {
    const address = this.#client.graph.byName(type, fqName)?.properties['floating_ip_address'];
    return typeof address === 'string' ? address : undefined;
  }

  #externalAddresses(desired: Desired): string[] {
    return desired.objects.flatMap((object) =>
      object.type === 'floating-ip' ? (this.#addressOf(object) ?? []) : [],
    );
  }

  #configChanged(event: ConfigEvent): void {
    // Whoever needs what somebody else removed or changed makes it again.
    const wronged = this.#reconciler.wrongedBy(event);
    if (wronged.length > 0) this.#touch(wronged);
    if (makesRoom(event)) this.#touch(this.#retries.waiting);
    if (!this.#pools.take(event.object)) return;
    // Services that draw from pools are mapped anew.
    for (const service of this.cluster.services()) {
      if (service.spec.type !== 'LoadBalancer' && service.spec.externalIPs.length === 0) continue;
      this.#dirty.add(keyOf({ kind: 'Service', object: service }));
    }
    this.#begin();
  }
}

/** Owners first: a Service's members stand on pods, those on namespaces and nodes. */
function order(key: ObjectKey): number {
  const kinds = ['Namespace', 'Node', 'NetworkAttachmentDefinition', 'Pod', 'Service'];
  return kinds.indexOf(key.slice(0, key.indexOf(' ')));
}

/** Whether what could not be written for want of an address may be written now. */
function makesRoom({ type, object }: ConfigEvent): boolean {
  return type === 'deleted'
    ? object.type === 'floating-ip' || object.type === 'instance-ip'
    : type === 'updated' && (object.type === 'virtual-network' || object.type === 'network-ipam');
}
