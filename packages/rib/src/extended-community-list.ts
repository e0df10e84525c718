/** Changes the extended communities among encoded attributes and leaves all other octets as they are. */
import { Writer } from '@vaportrail/net';
import {
  EXTENDED_COMMUNITY_OCTETS,
  attributes,
  sortExtendedCommunities,
  writeAttribute,
} from '@vaportrail/bgp/wire';

const { code, flags } = attributes.extendedCommunities;

/** The single communities of an EXTENDED_COMMUNITIES value. */
export function communitiesOf(value: Uint8Array): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at + EXTENDED_COMMUNITY_OCTETS <= value.length; at += EXTENDED_COMMUNITY_OCTETS) {
    list.push(value.subarray(at, at + EXTENDED_COMMUNITY_OCTETS));
  }
  return list;
}

/** The value of EXTENDED_COMMUNITIES among encoded attributes, empty without. */
export function extendedCommunitiesOf(encoded: Uint8Array): Uint8Array {
  let value = encoded.subarray(0, 0);
  forEachAttribute(encoded, (attributeCode, at, end) => {
    if (attributeCode === code) value = encoded.subarray(at + ((encoded[at]! & 0x10) === 0 ? 3 : 4), end);
  });
  return value;
}

/** Whether one of the communities begins with these two octets. */
export function hasCommunityKind(value: Uint8Array, type: number, subtype: number): boolean {
  return communitiesOf(value).some((other) => other[0] === type && other[1] === subtype);
}

/** The encoded attributes with `communities`, sorted and without repetitions, in place of those they had. */
export function withExtendedCommunities(encoded: Uint8Array, communities: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer();
  const value = sortExtendedCommunities(communities);
  let written = value.length === 0;
  forEachAttribute(encoded, (attributeCode, at, end) => {
    if (!written && attributeCode >= code) {
      writeAttribute(writer, { flags, code, value });
      written = true;
    }
    if (attributeCode !== code) writer.bytes(encoded.subarray(at, end));
  });
  if (!written) writeAttribute(writer, { flags, code, value });
  return writer.finish();
}

/** Calls `visit` with code, start and end of each attribute, header included. */
export function forEachAttribute(
  encoded: Uint8Array,
  visit: (code: number, at: number, end: number) => void,
): void {
  for (let at = 0; at + 3 <= encoded.length;) {
    const extended = (encoded[at]! & 0x10) !== 0;
    const length = extended ? 4 + ((encoded[at + 2]! << 8) | (encoded[at + 3] ?? 0)) : 3 + encoded[at + 2]!;
    visit(encoded[at + 1]!, at, Math.min(at + length, encoded.length));
    at += length;
  }
}
