/** Finds the destinations of a table by what their routes are called outside the packed memory. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import type { Prefix } from '@vaportrail/net';
import { lengthBits } from './family-layout.ts';
import { keyOfNlri, payloadOfNlri } from './named-nlri.ts';
import type { PackedTable } from './packed-table.ts';

/** Names a route: a prefix, in VPN tables with its route distinguisher; for all other families the octets of the NLRI. */
export type Nlri =
  | { readonly prefix: Prefix; readonly routeDistinguisher?: Uint8Array | undefined }
  | { readonly bytes: Uint8Array };

/** The keys of one table. */
export class TableKeys {
  readonly #family: FamilyName;
  readonly #packed: PackedTable;
  /** Of the prefix looked for: what of it stands in the first word says `FixedKeyIndex`. */
  readonly #key = new Int32Array(5);

  constructor(family: FamilyName, packed: PackedTable) {
    this.#family = family;
    this.#packed = packed;
  }

  /** The destination of a route, which may have no path any more; 0 when there is none. @throws RangeError as {@link require} */
  find(nlri: Nlri): number {
    if ('bytes' in nlri) return this.#packed.byBytes?.find(this.#canonical(nlri.bytes)) ?? 0;
    this.#fill(nlri.prefix, nlri.routeDistinguisher);
    return this.#packed.fixed?.find(this.#key, 0) ?? 0;
  }

  /** The same by the number of the route distinguisher, 0 without; the prefix must be one of the family. */
  findPrefix({ bytes, length }: Prefix, distinguisher: number): number {
    this.#fillWords(bytes, length, distinguisher);
    return this.#packed.fixed?.find(this.#key, 0) ?? 0;
  }

  /** The destination of a route, made if there is none. @throws RangeError when the NLRI does not fit the family */
  require(nlri: Nlri): number {
    const packed = this.#packed;
    if ('bytes' in nlri) {
      const { byBytes } = packed;
      if (byBytes === undefined) throw new RangeError(`${this.#family} routes are prefixes`);
      return byBytes.require(this.#canonical(nlri.bytes));
    }
    const { fixed } = packed;
    if (fixed === undefined) throw new RangeError(`${this.#family} routes are not prefixes`);
    this.#fill(nlri.prefix, nlri.routeDistinguisher);
    return fixed.require(this.#key, 0);
  }

  /** The number of an NLRI that says more than its key, 0 for any other. */
  payload(nlri: Nlri): number {
    if (!('bytes' in nlri)) return 0;
    return payloadOfNlri(this.#packed.store, nlri.bytes, this.#canonical(nlri.bytes));
  }

  /** The octets that name the route. */
  #canonical(bytes: Uint8Array): Uint8Array {
    return keyOfNlri(this.#packed.layout, bytes);
  }

  #fill({ bytes, length }: Prefix, routeDistinguisher: Uint8Array | undefined): void {
    const { layout, store } = this.#packed;
    if (layout.kind !== 'prefix') return;
    if (bytes.length !== layout.addressWords * 4 || length > bytes.length * 8) {
      throw new RangeError(
        `a prefix of ${bytes.length} octets and length ${length} is not one of ${this.#family}`,
      );
    }
    if ((routeDistinguisher !== undefined) !== layout.distinguished) {
      throw new RangeError(
        `${this.#family} routes have ${layout.distinguished ? 'a' : 'no'} route distinguisher`,
      );
    }
    const distinguisher =
      routeDistinguisher === undefined ? 0 : store.distinguishers.numberOf(routeDistinguisher);
    this.#fillWords(bytes, length, distinguisher);
  }

  /** Bits behind the length of the prefix do not count. */
  #fillWords(bytes: Uint8Array, length: number, distinguisher: number): void {
    const { layout } = this.#packed;
    if (layout.kind !== 'prefix') return;
    const key = this.#key;
    key[0] = (distinguisher << lengthBits(layout)) | length;
    for (let word = 0, left = length; word < layout.addressWords; word++, left -= 32) {
      const at = word * 4;
      const value = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      key[word + 1] = left <= 0 ? 0 : left >= 32 ? value : value & (-1 << (32 - left));
    }
  }
}
