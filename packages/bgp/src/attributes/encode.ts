/** Writing attributes: canonical order, shortest length field. */
import { Writer } from '@vaportrail/net';
import { type Attribute, type AttributeContext, EXTENDED_LENGTH } from './attribute.ts';
import { type AttributeName, type AttributeValue, attributes } from './table.ts';

/** An attribute nobody here knows, as it came. */
export interface RawAttribute {
  readonly flags: number;
  readonly code: number;
  readonly value: Uint8Array;
}

/** The attributes to write; what is absent is not written. */
export type AttributeFields = { readonly [N in AttributeName]?: AttributeValue<N> | undefined } & {
  readonly unknown?: readonly RawAttribute[];
};

const names = (Object.keys(attributes) as AttributeName[]).sort(
  (a, b) => attributes[a].code - attributes[b].code,
);

/** One attribute: flags, code, a length of one octet or two as the value needs, value. @see RFC 4271 §4.3 */
export function writeAttribute(writer: Writer, { flags, code, value }: RawAttribute): void {
  if (value.length > 0xff)
    writer
      .u8(flags | EXTENDED_LENGTH)
      .u8(code)
      .u16(value.length);
  else
    writer
      .u8(flags & ~EXTENDED_LENGTH)
      .u8(code)
      .u8(value.length);
  writer.bytes(value);
}

/**
 * The octets of a set of attributes ascending by type code, unknown ones in their place, as they stand in an UPDATE
 * and as {@link PathAttributes} takes them. Without MP_REACH_NLRI: the one who writes the message adds it.
 * @throws RangeError when a value does not fit 65535 octets
 */
export function encodeAttributes(
  fields: AttributeFields,
  context: AttributeContext = { asn4: true },
): Uint8Array {
  const raw: RawAttribute[] = [...(fields.unknown ?? [])];
  const value = new Writer();
  for (const name of names) {
    const field = fields[name];
    if (field === undefined) continue;
    const row = attributes[name] as Attribute<unknown>;
    value.reset();
    row.encode(value, field, context);
    raw.push({ flags: row.flags, code: row.code, value: value.finish() });
  }
  const writer = new Writer();
  for (const attribute of raw.sort((a, b) => a.code - b.code)) {
    if (attribute.value.length > 0xffff) throw new RangeError(`attribute ${attribute.code} is too long`);
    writeAttribute(writer, attribute);
  }
  return writer.finish();
}
