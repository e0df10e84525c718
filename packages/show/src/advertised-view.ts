/** Who was told about a path, as views show it. */
import type { PathView } from './views.ts';

/** Whether a peer was told about a route, as a routing information base answers it. */
interface Advertisement {
  readonly to: { readonly name: string };
  readonly told: boolean;
  readonly because: string | undefined;
  /** By path, where the peer takes several. */
  readonly paths: readonly AdvertisedPath[] | undefined;
}

interface AdvertisedPath {
  readonly told: boolean;
  readonly because: string | undefined;
  readonly pathId: number | undefined;
}

/**
 * Those fields of a path that say who was told.
 * @param path its place among the paths of its route; peers that take one path are told the first
 */
export function advertisedView(
  peers: readonly Advertisement[],
  path: number,
): Partial<Pick<PathView, 'advertisedTo' | 'advertisedPathIds' | 'notAdvertised'>> {
  const advertisedTo: string[] = [];
  const ids: Record<string, number> = {};
  const notAdvertised: { neighbor: string; because: string }[] = [];
  for (const { to, told, because, paths } of peers) {
    const one = paths === undefined ? { told, because, pathId: undefined } : paths[path];
    if (one === undefined || (paths === undefined && path > 0)) continue;
    if (!one.told) notAdvertised.push({ neighbor: to.name, because: one.because ?? 'not told yet' });
    else {
      advertisedTo.push(to.name);
      if (one.pathId !== undefined) ids[to.name] = one.pathId;
    }
  }
  if (path > 0 && advertisedTo.length + notAdvertised.length === 0) return {};
  return {
    advertisedTo,
    ...(Object.keys(ids).length > 0 && { advertisedPathIds: ids }),
    notAdvertised,
  };
}
