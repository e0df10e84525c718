/** Where a daemon listens, and why it cannot. */
import { listenProblem } from '@vaportrail/show';

/** Where something listens. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

/** Resolves where something listens, or says where it cannot. */
export async function listening(
  what: string,
  { address, port }: Bound,
  bound: Promise<Bound>,
): Promise<Bound> {
  try {
    return await bound;
  } catch (error) {
    const because = listenProblem(error as NodeJS.ErrnoException);
    throw new Error(`cannot listen for ${what} on ${address} port ${port}: ${because}`, { cause: error });
  }
}
