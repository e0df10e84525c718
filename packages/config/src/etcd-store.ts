/** The store in etcd: one for several config nodes, which hear of each other's changes by its watch. */
import { readFileSync } from 'node:fs';
import { Etcd3, type ICompare, type IOptions, type IRequestOp } from 'etcd3';
import { EtcdWatch } from './etcd-watch.ts';
import {
  type Change,
  type Condition,
  type Reading,
  type Store,
  StoreError,
  type Transaction,
} from './store.ts';

/** Keys asked for at once: an answer must stay below the 4 MiB of a gRPC message. */
const PAGE = 500;
/** etcd's `--max-txn-ops`: it counts conditions and changes apart, and by default takes 128 of each. */
const LONGEST = 128;
/** What transactions inside one may have is what it leaves of that: half of it conditions, half parts of as many changes. */
const MOST_COMPARED = LONGEST / 2;
/** Written by every transaction. */
const LAST = 'last';
/** Milliseconds after which a call to a member that does not answer is given up, so that another is asked. */
const DEADLINE = 5000;
/** Times a reading call is made, each with the next member. */
const ATTEMPTS = 4;

export interface EtcdStoreOptions {
  /** `http://address:port` of the members. */
  readonly endpoints: readonly string[];
  /** Everything is below it: several suites may share one etcd. */
  readonly prefix?: string;
  readonly auth?: { readonly username: string; readonly password: string };
  /** PEM files. */
  readonly tls?: { readonly authority: string; readonly certificate?: string; readonly key?: string };
}

export class EtcdStore implements Store {
  readonly longestTransaction = LONGEST;
  readonly #client: Etcd3;
  readonly #prefix: string;

  private constructor(client: Etcd3, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** @throws StoreError when no member answers */
  static async open({ endpoints, prefix = '/vaportrail/', auth, tls }: EtcdStoreOptions): Promise<EtcdStore> {
    const options: IOptions = {
      hosts: [...endpoints],
      dialTimeout: DEADLINE,
      // A watch goes on for ever; a call does not.
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + DEADLINE }),
      ...(auth === undefined ? {} : { auth }),
      ...(tls === undefined ? {} : { credentials: credentials(tls) }),
    };
    const store = new EtcdStore(new Etcd3(options), prefix);
    try {
      await store.read(['']);
    } catch (error) {
      await store.close();
      throw new StoreError(`etcd at ${endpoints.join(', ')}: ${(error as Error).message}`, { cause: error });
    }
    return store;
  }

  async read(keys: readonly string[]): Promise<readonly Reading[]> {
    return Promise.all(
      keys.map(async (key): Promise<Reading> => {
        const answer = await this.#retried(() => this.#client.get(this.#prefix + key).exec());
        return {
          key,
          value: answer.kvs[0]?.value.toString('utf8'),
          revision: Number(answer.header.revision),
        };
      }),
    );
  }

  async list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Change[] }> {
    const entries: Change[] = [];
    const end = endOfPrefix(Buffer.from(this.#prefix + prefix));
    let start: Buffer = Buffer.from(this.#prefix + prefix);
    for (let revision = 0; ;) {
      const answer = await this.#retried(() => {
        const page = this.#client.getAll().inRange({ start, end }).limit(PAGE).sort('Key', 'Ascend');
        return (revision === 0 ? page : page.revision(revision)).exec();
      });
      // All pages are of the moment of the first.
      if (revision === 0) revision = Number(answer.header.revision);
      for (const each of answer.kvs) {
        const key = this.#named(each.key);
        if (key !== LAST) entries.push({ key, value: each.value.toString('utf8') });
      }
      const last = answer.kvs.at(-1);
      if (last === undefined || !answer.more) return { revision, entries };
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  /**
   * Atomic at any size that a request may have. Beyond what etcd compares and changes at once, changes go as
   * transactions inside the transaction, and conditions are held against one snapshot: every transaction of ours writes
   * {@link LAST}, so that one condition on it says that nothing has changed since.
   * @throws StoreError for one that is larger than etcd takes
   */
  async commit({ conditions, changes }: Transaction): Promise<number | undefined> {
    const compared =
      conditions.length > MOST_COMPARED
        ? await this.#snapshot(conditions)
        : conditions.map((condition) => this.#compare(condition));
    if (compared === undefined) return undefined;
    const operations = changes.map((change) => this.#operation(change));
    operations.push({ request_put: { key: this.#key(LAST), value: Buffer.alloc(0) } });
    const success = operations.length > LONGEST ? parts(operations) : operations;
    try {
      const answer = await this.#client.kv.txn({ compare: compared, success });
      return answer.succeeded ? Number(answer.header.revision) : undefined;
    } catch (error) {
      const { message } = error as Error;
      const option = message.includes('too many operations')
        ? 'max-txn-ops'
        : message.includes('request is too large')
          ? 'max-request-bytes'
          : undefined;
      if (option === undefined) throw error;
      throw new StoreError(
        `one write has ${changes.length} changes, more than etcd takes: start its members with a larger --${option}`,
        { cause: error },
      );
    }
  }

  /** Conditions that hold together with nothing having changed since, as one; `undefined` when one does not hold. */
  async #snapshot(conditions: readonly Condition[]): Promise<ICompare[] | undefined> {
    const last = await this.#retried(() => this.#client.get(this.#prefix + LAST).exec());
    const { revision } = last.header;
    for (let from = 0; from < conditions.length; from += LONGEST) {
      const some = conditions.slice(from, from + LONGEST);
      const success = some.map(({ key }) => ({ request_range: { key: this.#key(key), revision } }));
      const { responses } = await this.#retried(() => this.#client.kv.txn({ success }));
      for (const [index, condition] of some.entries()) {
        const found = responses[index]!.response_range.kvs[0]?.value.toString('utf8');
        if (condition.is === 'absent' ? found !== undefined : found !== condition.value) return undefined;
      }
    }
    return [
      {
        key: this.#key(LAST),
        target: 'Mod',
        result: 'Equal',
        mod_revision: last.kvs[0]?.mod_revision ?? 0,
      },
    ];
  }

  #compare(condition: Condition): ICompare {
    const key = this.#key(condition.key);
    return condition.is === 'absent'
      ? { key, target: 'Create', result: 'Equal', create_revision: 0 }
      : { key, target: 'Value', result: 'Equal', value: Buffer.from(condition.value) };
  }

  #operation({ key, value }: Change): IRequestOp {
    return value === undefined
      ? { request_delete_range: { key: this.#key(key) } }
      : { request_put: { key: this.#key(key), value: Buffer.from(value) } };
  }

  async watch(
    prefix: string,
    changed: (changes: readonly Reading[]) => void,
    missed: () => void,
  ): Promise<() => void> {
    const watch = await EtcdWatch.open(this.#client, this.#prefix + prefix, {
      missed,
      changed: (events) => {
        // One answer may hold several transactions; the database looks at each change with its own revision.
        const readings = events.map(({ type, kv }) => ({
          key: this.#named(kv.key),
          value: type === 'Delete' ? undefined : kv.value.toString('utf8'),
          revision: Number(kv.mod_revision),
        }));
        changed(readings.filter(({ key }) => key !== LAST));
      },
    });
    return () => watch.stop();
  }

  /** Closes the connections to etcd. */
  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  #key(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  #named(key: Buffer): string {
    return key.toString('utf8').slice(this.#prefix.length);
  }

  /** A member may die while it is asked; asking twice does no harm when nothing is written. */
  async #retried<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** Operations as transactions inside one: as many, and each as long, as etcd takes beside half of the conditions it takes. */
function parts(operations: readonly IRequestOp[]): IRequestOp[] {
  const length = LONGEST / 2;
  return Array.from({ length: Math.ceil(operations.length / length) }, (_, i) => ({
    request_txn: { success: operations.slice(i * length, (i + 1) * length) },
  }));
}

function credentials({
  authority,
  certificate,
  key,
}: NonNullable<EtcdStoreOptions['tls']>): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: readFileSync(authority),
    ...(certificate === undefined || key === undefined
      ? {}
      : { certChain: readFileSync(certificate), privateKey: readFileSync(key) }),
  };
}

/** The first key behind all that begin with a prefix. */
function endOfPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    if (end[at]! < 0xff) {
      end[at]!++;
      return end.subarray(0, at + 1);
    }
  }
  return Buffer.of(0);
}
