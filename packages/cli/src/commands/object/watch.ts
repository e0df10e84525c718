/** `get --watch`: after what there is, a line for everything that changes, as kubectl prints it. */
import type { ConfigObject, ObjectLine, ObjectTypeName } from '@vaportrail/schema';
import { jsonLines } from '@vaportrail/show';
import { isCalled, objectOf, tokenOf, urlOf, type ApiOptions, type Asked, type Shown } from './api.ts';

export interface Changed {
  readonly type: ObjectTypeName;
  /** As it is now, or was last. */
  readonly object: Shown;
}

/**
 * Yields nothing once, when everything from then on is followed; then every object that is asked for as it comes, changes
 * or goes.
 * @param known objects by UUID: kept as they come and go
 * @throws Error when the config node goes away
 */
export async function* changedObjects(
  options: ApiOptions,
  asked: readonly Asked[],
  known: Map<string, Shown>,
): AsyncGenerator<Changed | undefined> {
  const url = urlOf(options.from);
  const { signal } = new AbortController();
  let isCurrent = false;
  for await (const line of jsonLines(`${url}/watch/objects`, { token: tokenOf(options), signal })) {
    const said = line as ObjectLine;
    if (said.type === 'current') {
      isCurrent = true;
      yield undefined;
    } else if (isCurrent && isAsked(asked, said.object)) {
      const { type, uuid } = said.object;
      const before = known.get(uuid);
      // One that has gone since it changed: the stream says so next.
      const now =
        said.type === 'deleted' ? undefined : await objectOf(options, type, uuid).catch(() => undefined);
      if (now !== undefined) known.set(uuid, now);
      else known.delete(uuid);
      const object = now ?? before;
      if (object !== undefined) yield { type, object };
    }
  }
  throw new Error(`${url} ended the watch`);
}

function isAsked(asked: readonly Asked[], { type, fqName, uuid }: ConfigObject): boolean {
  return asked.some(
    (each) =>
      each.type === type &&
      (each.name === undefined ||
        each.name === uuid ||
        fqName.join(':') === each.name ||
        isCalled(fqName, each.name)),
  );
}
