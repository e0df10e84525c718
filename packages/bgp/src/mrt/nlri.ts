/** The NLRI of a record as text. */
import { families, type FamilyName } from '../families/table.ts';

/** What a prefix says of itself; both absent for NLRI that are no prefixes. */
export interface NlriParts {
  readonly rd?: string;
  readonly prefix?: string;
  readonly labels?: readonly number[];
}

/** Route distinguisher, prefix and labels of the NLRI in `bytes[at…end)`. */
export function nlriParts(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): NlriParts {
  return family === undefined ? {} : (families[family].decode(bytes, at, end, withdrawn, {}) as NlriParts);
}

/** `101.101.101.252/32`, with `RD:` in front in a VPN family; hexadecimal for what is no prefix. */
export function nlriText(
  family: FamilyName | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): string {
  const { rd, prefix } = nlriParts(family, bytes, at, end, withdrawn);
  if (prefix !== undefined) return rd === undefined ? prefix : `${rd}:${prefix}`;
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex')}`;
}
