/** What those who read and write configuration need, whether the database is in this process or behind its API. */
import type { ConfigObject, Configuration, ObjectTypeName } from '@vaportrail/schema';
import type { NewObject, ObjectChange } from './requested-write.ts';

/** A write that was answered is in the graph. */
export interface ConfigClient extends Configuration {
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
}
