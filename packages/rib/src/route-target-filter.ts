/**
 * Route target constraint: which VPN routes each peer wants, as it told by the routes it announced in the
 * route-target table. @see RFC 4684 §3
 */
import { copyOctets, isRouteTarget } from '@vaportrail/net';
import type { RouteStore } from './route-store.ts';

const WHOLE_BITS = 96;
const ORIGIN_AS_BITS = 32;
/** Prefixes of route targets that one peer may ask for, beyond which it is taken to want everything: each is compared. */
const MOST_PARTIAL = 1024;

interface Interest {
  /** Announcements of the default, which wants everything. */
  all: number;
  /** Announcements per route target; the same one may come with several origin AS numbers. */
  readonly exact: Map<number, number>;
  /** Announcements of shorter prefixes of route targets. */
  readonly partial: Map<string, { readonly octets: Uint8Array; readonly bits: number; count: number }>;
}

/** One for a `Rib`; told of every path in its table of route target memberships. */
export class RouteTargetFilter {
  readonly #store: RouteStore;
  readonly #interests = new Map<number, Interest>();
  /** Called with the source whose interests changed. */
  readonly #changed: (source: number) => void;

  constructor(store: RouteStore, changed: (source: number) => void) {
    this.#store = store;
    this.#changed = changed;
  }

  /** A membership was announced by a source, or withdrawn: the octets of its NLRI, length included. */
  note(source: number, nlri: Uint8Array, comes: boolean): void {
    let interest = this.#interests.get(source);
    if (interest === undefined) {
      interest = { all: 0, exact: new Map(), partial: new Map() };
      this.#interests.set(source, interest);
    }
    const step = comes ? 1 : -1;
    const bits = nlri[0]!;
    if (bits <= ORIGIN_AS_BITS) interest.all += step;
    else if (bits === WHOLE_BITS && isRouteTarget(nlri, 5)) {
      this.#count(interest.exact, nlri, step);
    } else {
      const key = nlri.join();
      const known = interest.partial.get(key) ?? {
        octets: copyOctets(nlri, 5, nlri.length),
        bits: bits - ORIGIN_AS_BITS,
        count: 0,
      };
      known.count += step;
      if (known.count > 0) interest.partial.set(key, known);
      else interest.partial.delete(key);
    }
    this.#changed(source);
  }

  /** Whether a source wants routes that carry this list of targets. */
  wants(source: number, targetList: number): boolean {
    const interest = this.#interests.get(source);
    if (interest === undefined) return false;
    if (interest.all > 0 || interest.partial.size > MOST_PARTIAL) return true;
    const { targets } = this.#store;
    return targets.list(targetList).some((target) => {
      if (interest.exact.has(target)) return true;
      if (interest.partial.size === 0) return false;
      const octets = targets.octets(target);
      return [...interest.partial.values()].some((partial) =>
        startsWith(octets, partial.octets, partial.bits),
      );
    });
  }

  /** A source is gone. */
  forget(source: number): void {
    for (const target of this.#interests.get(source)?.exact.keys() ?? []) this.#store.targets.release(target);
    this.#interests.delete(source);
  }

  /** Every route target somebody asked for is held, so that its number stays the same. */
  #count(exact: Map<number, number>, nlri: Uint8Array, step: number): void {
    const { targets } = this.#store;
    const known = targets.known(nlri, 5);
    const before = known === undefined ? 0 : (exact.get(known) ?? 0);
    if (before + step > 0) exact.set(before === 0 ? targets.acquire(nlri, 5) : known!, before + step);
    else if (before > 0) {
      exact.delete(known!);
      targets.release(known!);
    }
  }
}

function startsWith(octets: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >>> 3;
  for (let i = 0; i < whole; i++) if (octets[i] !== prefix[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((octets[whole]! ^ prefix[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}
