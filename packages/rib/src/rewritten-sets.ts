/** Attribute sets as the members of an update group get them: each rewritten once and remembered. */
import { ByteArena } from './byte-arena.ts';
import { Egress } from './egress.ts';
import type { EgressProfile } from './egress-profile.ts';
import type { RouteStore } from './route-store.ts';

/** Octets remembered per group. */
const MOST_REMEMBERED = 1 << 26;

/** One for each update group. */
export class RewrittenSets {
  readonly #store: RouteStore;
  readonly #profile: EgressProfile;
  readonly #egress: Egress;
  readonly #arena = new ByteArena();
  /** By set: where its octets are (0: it must not be sent), how many, and the serial this holds for. */
  #at = new Int32Array(0);
  #length = new Int32Array(0);
  #serial = new Int32Array(0);
  /** The octets asked for last: `bytes[at…at + length)`. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  length = 0;

  constructor(store: RouteStore, profile: EgressProfile) {
    this.#store = store;
    this.#profile = profile;
    this.#egress = new Egress(profile, store.identity);
  }

  /**
   * Puts the attributes of a set where {@link bytes} says.
   * @param stale the path is long-lived stale; such sets are rare and not remembered
   * @returns whether export policy lets paths with them go
   */
  find(set: number, stale: boolean): boolean {
    if (stale) {
      if (!this.#rewrite(set, true)) return false;
      this.bytes = this.#egress.bytes;
      this.at = 0;
      this.length = this.#egress.length;
      return true;
    }
    const serial = this.#store.pool.serial(set);
    if (this.#serial[set] !== serial) this.#remember(set, serial);
    this.bytes = this.#arena.bytes;
    this.at = this.#at[set]!;
    this.length = this.#length[set]!;
    return this.at !== 0;
  }

  #remember(set: number, serial: number): void {
    if (set >= this.#serial.length) this.#makeRoom();
    if (this.#arena.used > MOST_REMEMBERED) {
      this.#arena.clear();
      this.#serial.fill(0);
    } else if (this.#serial[set] !== 0 && this.#at[set] !== 0) {
      this.#arena.release(this.#at[set]!, this.#length[set]!);
    }
    const sendable = this.#rewrite(set, false);
    const { bytes, length } = this.#egress;
    const at = sendable ? this.#arena.allocate(length) : 0;
    if (sendable) for (let i = 0; i < length; i++) this.#arena.bytes[at + i] = bytes[i]!;
    this.#at[set] = at;
    this.#length[set] = length;
    this.#serial[set] = serial;
  }

  #rewrite(set: number, stale: boolean): boolean {
    const { pool, sets, sources } = this.#store;
    const at = pool.attributesAt(set);
    const end = at + pool.attributesLength(set);
    const source = sources[pool.source(set)]!;
    const egress = this.#egress;
    egress.rewrite(pool.arena.bytes, at, end, source, () => sets.plain(set).attributes, stale);
    const { exportPolicy } = this.#profile;
    if (exportPolicy === undefined) return true;
    const made = exportPolicy(sets.view(set, 0, undefined), egress.bytes.slice(0, egress.length));
    if (made === undefined) return false;
    egress.replace(made);
    return true;
  }

  #makeRoom(): void {
    const { pool } = this.#store;
    this.#at = pool.withRoom(this.#at);
    this.#length = pool.withRoom(this.#length);
    this.#serial = pool.withRoom(this.#serial);
  }
}
