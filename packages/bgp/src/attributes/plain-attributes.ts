/** The attributes of an UPDATE as plain data: by name where they can be read, as octets where not. */
import { Reader, Writer, hexText, parseHex, sameBytes } from '@vaportrail/net';
import { updateSubcode } from '../wire/notification.ts';
import type { UpdateProblem } from '../wire/update-problem.ts';
import { type Attribute, type AttributeContext, EXTENDED_LENGTH } from './attribute.ts';
import { PathAttributes } from './path-attributes.ts';
import {
  type AttributeName,
  type AttributeValue,
  attributeByCode,
  attributes as attributesTable,
} from './table.ts';
import { discardAttributes, validateAttributes } from './validate.ts';

/** An attribute as plain data: text for addresses and octets, numbers and names for the rest. */
export type PlainAttribute<N extends AttributeName> = ReturnType<(typeof attributesTable)[N]['plain']['of']>;

/** The attributes by name, each as the plain form of its row. */
export type PlainAttributes = { readonly [N in AttributeName]?: PlainAttribute<N> };

/** An attribute as octets: one that nobody knows, one that is malformed, or a repeated one. */
export interface RawAttributeText {
  readonly code: number;
  readonly flags: number;
  /** Hexadecimal. */
  readonly value: string;
}

/** The attributes that can be read by name, and the others as octets. */
export function plainAttributes(
  bytes: Uint8Array,
  context: AttributeContext,
  problems: readonly UpdateProblem[],
): { attributes: PlainAttributes; raw: RawAttributeText[] } {
  const attributes: { [N in AttributeName]?: unknown } = {};
  const raw: RawAttributeText[] = [];
  const malformed = malformedCodes(problems);
  for (const { code, flags, value } of attributeRanges(bytes)) {
    const known = attributeByCode[code];
    if (known === undefined || malformed?.has(code) === true || attributes[known.name] !== undefined) {
      raw.push({ code, flags, value: hexText(bytes, value.at, value.end) });
    } else {
      attributes[known.name] = known.row.plain.of(known.row.decode(value, context));
    }
  }
  if (!context.asn4) mergeAs4(discardAttributes(bytes, problems), attributes, raw);
  if (attributes.attrSet !== undefined) attributes.attrSet = withNames(attributes.attrSet);
  return { attributes: attributes as PlainAttributes, raw };
}

/** The customer's attributes by name beside their octets; a set within the set stays octets. @see RFC 6368 §5 */
function withNames(plain: unknown): unknown {
  const { originAs, attributes: octets } = plain as { originAs: number; attributes: string };
  const bytes = parseHex(octets);
  const asn4 = true;
  const problems = validateAttributes(bytes, 0, bytes.length, { asn4, internal: null, announces: 'nothing' });
  const named: { [N in AttributeName]?: unknown } = {};
  const malformed = malformedCodes(problems);
  for (const { code, value } of attributeRanges(bytes)) {
    const known = attributeByCode[code];
    if (known === undefined || known.name === 'attrSet' || malformed?.has(code) === true) continue;
    named[known.name] ??= known.row.plain.of(known.row.decode(value, { asn4 }));
  }
  return { originAs, named, attributes: octets };
}

/** Code, flags and value of each attribute, one behind the other. */
function* attributeRanges(bytes: Uint8Array): Generator<{ code: number; flags: number; value: Reader }> {
  for (let at = 0; at < bytes.length;) {
    const flags = bytes[at]!;
    const extended = (flags & EXTENDED_LENGTH) !== 0;
    const value = at + (extended ? 4 : 3);
    const end = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
    yield { code: bytes[at + 1]!, flags, value: new Reader(bytes, value, end) };
    at = end;
  }
}

/** Codes of the attributes whose value cannot be read; a repeated one can. */
function malformedCodes(problems: readonly UpdateProblem[]): ReadonlySet<number> | undefined {
  if (problems.length === 0) return undefined;
  const codes = new Set<number>();
  for (const { attributeCode, subcode } of problems) {
    if (attributeCode !== undefined && subcode !== updateSubcode.malformedAttributeList)
      codes.add(attributeCode);
  }
  return codes;
}

/** Puts AS4_PATH and AS4_AGGREGATOR into the path and the aggregator shown. @see RFC 6793 §4.2.3 */
function mergeAs4(
  bytes: Uint8Array,
  attributes: { [N in AttributeName]?: unknown },
  raw: RawAttributeText[],
): void {
  if (attributes.as4Path === undefined && attributes.as4Aggregator === undefined) return;
  const set = new PathAttributes(bytes, { asn4: false });
  if (attributes.asPath !== undefined) showMerged(set, 'asPath', set.asPath, attributes, raw);
  const { aggregator } = set;
  if (attributes.aggregator !== undefined && aggregator !== undefined) {
    showMerged(set, 'aggregator', aggregator, attributes, raw);
  }
}

/** Shows a value that is not the attribute's own, and keeps the attribute's octets where the value would not give them. */
function showMerged<N extends 'asPath' | 'aggregator'>(
  set: PathAttributes,
  name: N,
  merged: AttributeValue<N>,
  attributes: { [N in AttributeName]?: unknown },
  raw: RawAttributeText[],
): void {
  const row = attributesTable[name] as Attribute<unknown>;
  attributes[name] = row.plain.of(merged);
  const writer = new Writer();
  row.encode(writer, merged, { asn4: false });
  const wire = set.valueOf(row.code)!;
  if (sameBytes(writer.finish(), wire)) return;
  raw.push({ code: row.code, flags: set.bytes[set.headerAt(row.code)]!, value: hexText(wire) });
}
