/** FlowSpec: packets described by their fields, so that filters travel as routes. */
import {
  type Reader,
  Truncated,
  Writer,
  clearHostBits,
  hexText,
  parsePrefix,
  prefixOctets,
  prefixText,
} from '@vaportrail/net';
import { readRouteDistinguisher, writeRouteDistinguisher } from './address-field.ts';
import { type Family, type Nlri, type NlriOctets, fieldFamily } from './family.ts';

/** Component types by name, in the order they must appear in. @see RFC 8955 §4.2.2, RFC 8956 §3 */
const componentTypes = [
  undefined,
  'destination',
  'source',
  'protocol',
  'port',
  'destination-port',
  'source-port',
  'icmp-type',
  'icmp-code',
  'tcp-flags',
  'packet-length',
  'dscp',
  'fragment',
  'flow-label',
] as const;
type ComponentType = NonNullable<(typeof componentTypes)[number]>;
/** Matched bit by bit; the others are compared as numbers. */
const bitmasks: readonly string[] = ['tcp-flags', 'fragment'];
/** Most octets of a value, where that is part of the encoding. @see RFC 8955 §4.2.2.9, §4.2.2.11, §4.2.2.12 */
const widest: { readonly [T in ComponentType]?: number } = { 'tcp-flags': 2, dscp: 1, fragment: 1 };

/**
 * One comparison. `op` is `=`, `>`, `<`, `>=`, `<=`, `!=`, `true` or `false` for numbers, and `any`, `all`, `not-any`,
 * `not-all` for bits (any or all of the bits of `value` are set); `and` joins it to the one before.
 */
export interface FlowTerm {
  readonly op: string;
  readonly value: number;
  readonly and?: true;
}

/** One condition on packets: a prefix, or comparisons of a field. @see RFC 8955 §4.2.2 */
export interface FlowComponent {
  readonly type: ComponentType;
  readonly prefix?: string;
  /** Bits of an IPv6 address to skip before the prefix. @see RFC 8956 §3.1 */
  readonly offset?: number;
  readonly terms?: readonly FlowTerm[];
}

/** A flow specification: all its components must match. */
export type FlowNlri = NlriOctets & {
  readonly rd?: string;
  readonly components?: readonly FlowComponent[];
};

const END_OF_LIST = 0x80;
const AND = 0x40;
/** By the lower three bits: less than, greater than, equal. @see RFC 8955 §4.2.1.1 */
const numericOperators = ['false', '=', '>', '>=', '<', '<=', '!=', 'true'];
/** By the lower two bits: not, match. @see RFC 8955 §4.2.1.2 */
const bitmaskOperators = ['any', 'all', 'not-any', 'not-all'];

function operatorsOf(type: ComponentType): readonly string[] {
  return bitmasks.includes(type) ? bitmaskOperators : numericOperators;
}

/** Terms up to the one that ends the list. The first has nothing to be joined to, whatever its bit says. */
function readTerms(reader: Reader, type: ComponentType): FlowTerm[] {
  const operators = operatorsOf(type);
  const terms: FlowTerm[] = [];
  for (;;) {
    const operator = reader.u8();
    const octets = 1 << ((operator >>> 4) & 3);
    if (octets > (widest[type] ?? 8)) throw new Truncated(reader.at, 0, octets);
    let value = 0;
    for (let i = 0; i < octets; i++) value = value * 256 + reader.u8();
    const op = operators[operator & (operators.length - 1)]!;
    const joined = (operator & AND) !== 0 && terms.length > 0;
    terms.push(joined ? { op, value, and: true } : { op, value });
    if ((operator & END_OF_LIST) !== 0) return terms;
  }
}

function writeTerms(writer: Writer, { type, terms = [] }: FlowComponent): void {
  const operators = operatorsOf(type);
  const limit = 2 ** (8 * (widest[type] ?? 4)) - 1;
  if (terms.length === 0) throw new RangeError('a flow component needs terms');
  terms.forEach(({ op, value, and }, index) => {
    const code = operators.indexOf(op);
    if (code < 0) throw new RangeError(`"${op}" is not an operator of this component`);
    if (!(Number.isInteger(value) && value >= 0 && value <= limit))
      throw new RangeError(`${value} is out of range`);
    const width = value < 0x100 ? 0 : value < 0x1_0000 ? 1 : 2;
    writer.u8(
      (index === terms.length - 1 ? END_OF_LIST : 0) | (and === true ? AND : 0) | (width << 4) | code,
    );
    if (width === 0) writer.u8(value);
    else if (width === 1) writer.u16(value);
    else writer.u32(value);
  });
}

function readPrefix(reader: Reader, afi: number): Pick<FlowComponent, 'prefix' | 'offset'> {
  const length = reader.u8();
  const offset = afi === 2 ? reader.u8() : 0;
  const longest = afi === 2 ? 128 : 32;
  // RFC 8956 §3.1: some bits are left behind the offset, or neither is there.
  if (length > longest || (offset >= length && offset !== 0)) throw new Truncated(reader.at, 0, length);
  const bytes = new Uint8Array(longest / 8);
  const pattern = reader.slice(prefixOctets(length - offset));
  for (let bit = 0; bit < length - offset; bit++) {
    const set = (pattern[bit >>> 3]! >>> (7 - (bit & 7))) & 1;
    bytes[(offset + bit) >>> 3]! |= set << (7 - ((offset + bit) & 7));
  }
  const prefix = prefixText({ bytes, length });
  return afi === 2 ? { prefix, offset } : { prefix };
}

function writePrefix(writer: Writer, { prefix = '', offset = 0 }: FlowComponent, afi: number): void {
  const { bytes, length } = parsePrefix(prefix);
  if ((bytes.length === 16) !== (afi === 2)) throw new RangeError(`${prefix} is of another address family`);
  if (offset > length) throw new RangeError(`the offset ${offset} is longer than ${prefix}`);
  writer.u8(length);
  if (afi === 2) writer.u8(offset);
  const pattern = new Uint8Array(prefixOctets(length - offset));
  for (let bit = offset; bit < length; bit++) {
    const set = (bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1;
    pattern[(bit - offset) >>> 3]! |= set << (7 - ((bit - offset) & 7));
  }
  clearHostBits(pattern, length - offset);
  writer.bytes(pattern);
}

function readComponents(body: Reader, afi: number): FlowComponent[] {
  const components: FlowComponent[] = [];
  let last = 0;
  while (body.remaining > 0) {
    const number = body.u8();
    const type = componentTypes[number];
    // A type nobody knows, or one out of order, makes the NLRI malformed (RFC 8955 §4.2).
    if (type === undefined || number <= last || (type === 'flow-label' && afi !== 2)) {
      throw new Truncated(body.at, 0, body.remaining);
    }
    last = number;
    if (number <= 2) components.push({ type, ...readPrefix(body, afi) });
    else components.push({ type, terms: readTerms(body, type) });
  }
  return components;
}

/** @throws RangeError when the components are not a list of objects with lists of terms */
function componentsOf(nlri: Nlri): readonly FlowComponent[] {
  const list = nlri['components'];
  const isTerm = (term: unknown): boolean =>
    typeof term === 'object' && term !== null && 'op' in term && 'value' in term;
  const isComponent = (item: unknown): boolean => {
    if (typeof item !== 'object' || item === null) return false;
    const { prefix, terms } = item as { prefix?: unknown; terms?: unknown };
    return typeof prefix === 'string' || (Array.isArray(terms) && terms.every(isTerm));
  };
  if (!Array.isArray(list) || !list.every(isComponent)) {
    throw new RangeError('the NLRI needs components, each with a prefix or with terms');
  }
  return list as FlowComponent[];
}

/** A length of one octet below 240, of two with the upper four bits set from there on. @see RFC 8955 §4.1 */
function header(bytes: Uint8Array, at: number, end: number): { octets: number; body: number } | undefined {
  if (at >= end) return undefined;
  if (bytes[at]! < 0xf0) return { octets: 1, body: bytes[at]! };
  if (end - at < 2) return undefined;
  return { octets: 2, body: ((bytes[at]! & 0x0f) << 8) | bytes[at + 1]! };
}

function writeLength(writer: Writer, body: Uint8Array): void {
  if (body.length < 0xf0) writer.u8(body.length);
  else if (body.length <= 0xfff) writer.u16(0xf000 | body.length);
  else throw new RangeError(`a flow specification of ${body.length} octets is too long`);
  writer.bytes(body);
}

interface FlowFamily {
  readonly afi: 1 | 2;
  readonly distinguished: boolean;
  readonly title: string;
}

/** Next hops are of no use here: mostly there is none. @see RFC 8955 §4 */
const nextHopOctets = [0, 4, 12, 16, 24, 32, 48];

function flowFamily({ afi, distinguished, title }: FlowFamily): Family<FlowNlri> {
  return fieldFamily({
    afi,
    safi: distinguished ? 134 : 133,
    title,
    see: 'RFC 8955 §4, RFC 8956 §3',
    nextHopOctets,
    header,
    read(body): FlowNlri {
      const rd = distinguished ? { rd: readRouteDistinguisher(body) } : {};
      return { ...rd, components: readComponents(body, afi) };
    },
    write(writer, nlri) {
      const body = new Writer();
      if (distinguished) writeRouteDistinguisher(body, nlri);
      let last = 0;
      for (const component of componentsOf(nlri)) {
        const number = componentTypes.indexOf(component.type);
        if (number <= last)
          throw new RangeError(`flow component "${component.type}" is unknown or out of order`);
        last = number;
        body.u8(number);
        if (number <= 2) writePrefix(body, component, afi);
        else writeTerms(body, component);
      }
      writeLength(writer, body.finish());
    },
  });
}

export const inetFlow = flowFamily({ afi: 1, distinguished: false, title: 'IPv4 FlowSpec' });
export const inet6Flow = flowFamily({ afi: 2, distinguished: false, title: 'IPv6 FlowSpec' });
export const inetVpnFlow = flowFamily({ afi: 1, distinguished: true, title: 'IPv4 VPN FlowSpec' });
export const inet6VpnFlow = flowFamily({ afi: 2, distinguished: true, title: 'IPv6 VPN FlowSpec' });

/** FlowSpec for Ethernet: delimited, and carried as octets behind its route distinguisher. */
export const l2vpnFlow: Family<FlowNlri> = fieldFamily({
  afi: 25,
  safi: 134,
  title: 'L2VPN FlowSpec',
  see: 'draft-ietf-idr-flowspec-l2vpn',
  nextHopOctets,
  header,
  read(body, whole) {
    const rd = readRouteDistinguisher(body);
    body.skip(body.remaining);
    return { rd, nlri: hexText(whole.bytes, whole.at, whole.end) };
  },
  write() {
    throw new RangeError('an L2VPN flow specification is written from its octets only');
  },
});
