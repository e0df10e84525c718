/** The store in etcd: one for several config nodes, which hear of each other's changes by its watch. */
import { readFileSync } from 'node:fs';
import { Etcd3, type IOptions, type IWatchResponse } from 'etcd3';
import { type Change, type Reading, type Store, StoreError, type Transaction } from './store.ts';

/** Keys asked for at once: an answer must stay below the 4 MiB of a gRPC message. */
const PAGE = 500;
/** etcd's `--max-txn-ops`: it counts conditions and changes apart, and by default takes 128 of each. */
const LONGEST = 128;
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
      for (const { key, value } of answer.kvs)
        entries.push({ key: this.#named(key), value: value.toString('utf8') });
      const last = answer.kvs.at(-1);
      if (last === undefined || !answer.more) return { revision, entries };
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  async commit({ conditions, changes }: Transaction): Promise<number | undefined> {
    const [first, ...others] = conditions;
    if (first === undefined) throw new StoreError('a transaction needs a condition');
    const client = this.#client;
    const compared = (builder: ReturnType<Etcd3['if']>, condition: (typeof conditions)[number]) =>
      condition.is === 'absent'
        ? builder.and(this.#prefix + condition.key, 'Create', '==', 0)
        : builder.and(this.#prefix + condition.key, 'Value', '==', condition.value);
    const start =
      first.is === 'absent'
        ? client.if(this.#prefix + first.key, 'Create', '==', 0)
        : client.if(this.#prefix + first.key, 'Value', '==', first.value);
    const committing = others
      .reduce(compared, start)
      .then(
        ...changes.map(({ key, value }) =>
          value === undefined
            ? client.delete().key(this.#prefix + key)
            : client.put(this.#prefix + key).value(value),
        ),
      )
      .commit();
    const answer = await committing.catch((error: Error) => {
      if (!error.message.includes('too many operations')) throw error;
      // Writes are put together up to the limit; only one that is larger by itself comes here.
      const most = Math.max(conditions.length, changes.length);
      throw new StoreError(
        `one write has ${most} operations, more than etcd takes: start its members with --max-txn-ops=${2 * most}`,
        { cause: error },
      );
    });
    return answer.succeeded ? Number(answer.header.revision) : undefined;
  }

  async watch(prefix: string, changed: (changes: readonly Reading[]) => void): Promise<() => void> {
    const watcher = await this.#client
      .watch()
      .prefix(this.#prefix + prefix)
      .create();
    watcher.on('data', ({ events }: IWatchResponse) => {
      // One answer may hold several transactions; the database looks at each change with its own revision.
      changed(
        events.map(({ type, kv }) => ({
          key: this.#named(kv.key),
          value: type === 'Delete' ? undefined : kv.value.toString('utf8'),
          revision: Number(kv.mod_revision),
        })),
      );
    });
    // It connects anew by itself and goes on where it was; without a listener the process would end.
    watcher.on('error', () => {});
    return () => void watcher.cancel().catch(() => {});
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
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
