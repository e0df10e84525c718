/** What those who read and write configuration need, whether the database is in this process or behind its API. */
import type { NewObject, ObjectChange } from './config-database.ts';
import type { ConfigEvent } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';
import type { ObjectTypeName } from './object-type.ts';

export interface ConfigClient {
  /** Everything, as of now. A write that was answered is in it. */
  readonly graph: ObjectGraph;
  /** Whether writes are decided in the order in which they are asked for, though nobody waits for the one before. */
  readonly inOrder: boolean;
  get(type: ObjectTypeName, uuid: string): ConfigObject;
  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject;
  create(type: ObjectTypeName, given: NewObject): Promise<ConfigObject>;
  update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject>;
  changeReference(
    type: ObjectTypeName,
    uuid: string,
    target: ObjectTypeName,
    targetUuid: string,
    operation: 'ADD' | 'DELETE',
    attr: unknown,
  ): Promise<ConfigObject>;
  delete(type: ObjectTypeName, uuid: string): Promise<ConfigObject>;
  follow(changed: (event: ConfigEvent) => void): () => void;
}
