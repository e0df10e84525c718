/** What the reconciler needs of the configuration: a database in this process, or the API of one elsewhere. */
import type {
  ConfigDatabase,
  ConfigObject,
  NewObject,
  ObjectChange,
  ObjectTypeName,
} from '@vaportrail/config';

export interface ConfigClient {
  /** The object of a name, `undefined` when there is none. */
  find(type: ObjectTypeName, fqName: readonly string[]): Promise<ConfigObject | undefined>;
  get(type: ObjectTypeName, uuid: string): Promise<ConfigObject | undefined>;
  list(type: ObjectTypeName): Promise<readonly ConfigObject[]>;
  /** Children of an object, and objects that refer to it. */
  users(object: ConfigObject): Promise<readonly ConfigObject[]>;
  create(type: ObjectTypeName, object: NewObject): Promise<ConfigObject>;
  update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject>;
  delete(type: ObjectTypeName, uuid: string): Promise<unknown>;
  changeReference(
    type: ObjectTypeName,
    uuid: string,
    target: ObjectTypeName,
    targetUuid: string,
    operation: 'ADD' | 'DELETE',
    attr: unknown,
  ): Promise<unknown>;
  /** Calls `changed` after every change of an object; the function it gives ends it. */
  follow(changed: (object: ConfigObject) => void): () => void;
}

/** The database of this process as a client sees it. */
export function databaseClient(database: ConfigDatabase): ConfigClient {
  const { graph } = database;
  return {
    find: async (type, fqName) => graph.byName(type, fqName),
    get: async (type, uuid) => {
      const object = graph.get(uuid);
      return object?.type === type ? object : undefined;
    },
    list: async (type) => [...graph.ofType(type)],
    users: async ({ uuid }) => [...graph.children(uuid), ...graph.referrers(uuid)],
    create: (type, object) => database.create(type, object),
    update: (type, uuid, change) => database.update(type, uuid, change),
    delete: (type, uuid) => database.delete(type, uuid),
    changeReference: (...change) => database.changeReference(...change),
    follow: (changed) => database.follow(({ object }) => changed(object)),
  };
}
