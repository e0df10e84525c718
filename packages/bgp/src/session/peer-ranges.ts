/** The ranges of peers that a configuration has, put to a listener whenever that changes. */
import { isDeepStrictEqual } from 'node:util';
import { parsePrefix, prefixText } from '@vaportrail/net';
import type { Listener, PeerRange } from './listener.ts';

/** One for a listener, all of whose ranges are these. */
export class PeerRanges<Settings> {
  readonly #listener: Pick<Listener, 'acceptRange' | 'removeRange'>;
  /** By prefix, what the range was made of. */
  readonly #accepted = new Map<string, Settings>();

  constructor(listener: Pick<Listener, 'acceptRange' | 'removeRange'>) {
    this.#listener = listener;
  }

  /**
   * From now on the listener accepts who connects from these ranges, and from no others. A range whose settings are as they
   * were is not touched.
   * @throws Error as `Listener.acceptRange`
   */
  configure(all: readonly Settings[], rangeOf: (settings: Settings) => PeerRange): void {
    const gone = new Set(this.#accepted.keys());
    for (const settings of all) {
      const range = rangeOf(settings);
      const prefix = prefixText(range.prefix);
      gone.delete(prefix);
      if (isDeepStrictEqual(this.#accepted.get(prefix), settings)) continue;
      this.#listener.acceptRange(range);
      this.#accepted.set(prefix, settings);
    }
    for (const prefix of gone) {
      this.#listener.removeRange(parsePrefix(prefix));
      this.#accepted.delete(prefix);
    }
  }
}
