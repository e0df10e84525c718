/** Sessions and routes that an operator has begun anew: the action that daemons with neighbours have. */
import { z } from 'zod';
import { type ViewServer, ViewError } from './server.ts';
import { suggestion } from './suggestion.ts';

/** The routes that are told again: those the neighbour told us, or those we told it. */
export type SoftReset = 'in' | 'out';

/** What a neighbour that is cleared is told. */
export const CLEARED = 'cleared by an operator';

/** What has been begun anew. */
export interface ClearedView {
  readonly neighbor: string;
  /** The session is, when absent. */
  readonly soft?: SoftReset;
  /** Families whose routes are told again. */
  readonly families?: readonly string[];
}

/** A neighbour that can be cleared. */
interface Clearable {
  readonly name: string;
  readonly address: string;
  /** @throws ViewError when it cannot be done now */
  clear(soft: SoftReset | undefined): ClearedView;
}

const request = z.strictObject({ neighbor: z.string(), soft: z.enum(['in', 'out']).optional() });

/** Adds `POST /clear`, for the neighbours that have a name or an address. */
export function serveClear(server: ViewServer, neighbors: () => Iterable<Clearable>): ViewServer {
  return server.action('/clear', (body) => {
    const { success, data } = request.safeParse(body);
    if (!success) throw new ViewError(400, 'expected { "neighbor": NAME, "soft": "in", "out" or nothing }');
    const all = [...neighbors()];
    const meant = all.filter(isCalled(data.neighbor));
    if (meant.length > 0) return meant.map((one) => one.clear(data.soft));
    const similar = suggestion(
      data.neighbor,
      all.map(({ name }) => name),
    );
    const hint = similar === undefined ? '' : `: did you mean "${similar}"?`;
    throw new ViewError(400, `no neighbor is called "${data.neighbor}"${hint}`);
  });
}

/** Whether a neighbour has this name or address; everybody does when there is none to have. */
export function isCalled(name: string | undefined): (one: { name: string; address: string }) => boolean {
  return (one) => name === undefined || one.name === name || one.address === name;
}

/**
 * What has been begun anew.
 * @param families whose routes are told again
 * @throws ViewError when there are none
 */
export function clearedView(
  neighbor: string,
  soft: SoftReset | undefined,
  state: string,
  families: readonly string[],
): ClearedView {
  if (soft === undefined) return { neighbor };
  if (families.length > 0) return { neighbor, soft, families };
  const because = state === 'Established' ? 'it has no route refresh' : `the session is ${state}`;
  throw new ViewError(400, `${neighbor} cannot be cleared softly: ${because}`);
}
