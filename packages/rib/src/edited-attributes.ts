/** Replaces single attributes among encoded ones and leaves all other octets as they are. */
import { type AttributeFields, attributes, encodeAttributes } from '@vaportrail/bgp/wire';
import { forEachAttribute } from './extended-community-list.ts';

/**
 * The encoded attributes with `fields` in place of those of the same kind, or added where they belong by code.
 * @param removed names of attributes that go
 * @param asn4 the attributes have four-octet AS numbers
 */
export function editedAttributes(
  encoded: Uint8Array,
  fields: AttributeFields,
  removed: readonly (keyof typeof attributes)[] = [],
  asn4 = true,
): Uint8Array {
  const parts = new Map<number, Uint8Array[]>();
  const add = (bytes: Uint8Array): void =>
    forEachAttribute(bytes, (code, at, end) => {
      const same = parts.get(code);
      if (same === undefined) parts.set(code, [bytes.subarray(at, end)]);
      else same.push(bytes.subarray(at, end));
    });
  add(encoded);
  const edited = encodeAttributes(fields, { asn4 });
  for (const name of removed) parts.delete(attributes[name].code);
  forEachAttribute(edited, (code) => parts.delete(code));
  add(edited);
  const ordered = [...parts].sort(([a], [b]) => a - b).flatMap(([, bytes]) => bytes);
  return concatenated(ordered);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
