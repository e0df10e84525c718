/** What a row of the attribute table is. */
import type { Reader, Writer } from '@vaportrail/net';
import type { Approach } from '../wire/update-problem.ts';

/** Attribute flags. @see RFC 4271 §4.3 */
export const OPTIONAL = 0x80;
/** Flag: passed on by those who do not know the attribute. @see RFC 4271 §4.3 */
export const TRANSITIVE = 0x40;
/** Flag: a speaker on the way did not know the attribute. @see RFC 4271 §4.3 */
export const PARTIAL = 0x20;
/** Flag: the length of the attribute takes two octets. @see RFC 4271 §4.3 */
export const EXTENDED_LENGTH = 0x10;

/** The flags an attribute must carry: the optional and transitive bits. */
export const wellKnown = TRANSITIVE;
export const optionalTransitive = OPTIONAL | TRANSITIVE;
export const optionalNonTransitive = OPTIONAL;

/** What the reader of an attribute has to know about the session. */
export interface AttributeContext {
  /** AS numbers in AS_PATH and AGGREGATOR have four octets. @see RFC 6793 §4.1 */
  readonly asn4: boolean;
}

/** What the check of an attribute has to know. */
export interface CheckContext extends AttributeContext {
  /** Whether the message came from a peer of the same AS; `null` when nobody knows. */
  readonly internal: boolean | null;
}

/** What a check finds wrong. */
export interface Fault {
  /** Of an UPDATE Message Error. */
  readonly subcode: number;
  readonly because: string;
  /** Where the handling differs from the one of the row. */
  readonly approach?: Approach;
}

/**
 * An attribute's value as plain data `P` for people: text for addresses and octets, numbers and names for the rest.
 */
export interface PlainForm<V, P = unknown> {
  of(value: V): P;
  /** @throws RangeError when the data does not describe a value */
  parse(plain: unknown): V;
}

/** One attribute: a row of {@link attributes}. `V` is its value as the library hands it out, `P` the same as plain data. */
export interface Attribute<V, P = unknown> {
  readonly code: number;
  /** As IANA and operators write it: `LOCAL_PREF`. */
  readonly title: string;
  /** Its optional and transitive bits. */
  readonly flags: number;
  /** What to do when its value is malformed. @see RFC 7606 §7 */
  readonly malformed: Approach;
  /** What to do when its flags are wrong, where that is not to treat as withdraw. @see RFC 7606 §3 (c) */
  readonly wrongFlags?: Approach;
  readonly see: string;
  /** Looks at the value in `bytes[at…end)` without making anything; `undefined` when it is right. */
  check(bytes: Uint8Array, at: number, end: number, context: CheckContext): Fault | undefined;
  /** The value; called on what {@link check} found right, and must not fail otherwise than with `Truncated`. */
  decode(reader: Reader, context: AttributeContext): V;
  encode(writer: Writer, value: V, context: AttributeContext): void;

  readonly plain: PlainForm<V, P>;
}

/** A check for values of one fixed length. */
export function exactly(octets: number): Attribute<unknown>['check'] {
  return (_bytes, at, end) =>
    end - at === octets ? undefined : wrongLength(`${end - at} octets long instead of ${octets}`);
}

/** A check for lists of items of one length, at least one. @see RFC 7606 §7.8, §7.14 */
export function multipleOf(octets: number): Attribute<unknown>['check'] {
  return (_bytes, at, end) => {
    const length = end - at;
    if (length > 0 && length % octets === 0) return undefined;
    return wrongLength(`${length} octets long, not a non-zero multiple of ${octets}`);
  };
}

/** A check for attributes whose contents are for others to read. @see RFC 7606 §4 */
export const notEmpty: Attribute<unknown>['check'] = (_bytes, at, end) =>
  end > at ? undefined : wrongLength('empty');

/** A check for attributes that stay within an AS: from another AS they are discarded, whatever is in them. */
export function internalOnly(check: Attribute<unknown>['check']): Attribute<unknown>['check'] {
  return (bytes, at, end, context) => {
    if (context.internal === false) {
      return { subcode: 9, because: 'received from another AS', approach: 'attribute-discard' };
    }
    return check(bytes, at, end, context);
  };
}

/** A check for attributes that only a speaker of two-octet AS numbers may send. @see RFC 6793 §4.1 */
export function twoOctetOnly(check: Attribute<unknown>['check']): Attribute<unknown>['check'] {
  return (bytes, at, end, context) => {
    if (context.asn4) {
      return {
        subcode: 9,
        because: 'received from a speaker of four-octet AS numbers',
        approach: 'attribute-discard',
      };
    }
    return check(bytes, at, end, context);
  };
}

/** Whether an AS number is 0, which no AS has. @see RFC 7607 §2 */
export function isZeroAs(bytes: Uint8Array, at: number, octets: number): boolean {
  for (let i = at; i < at + octets; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Attribute Length Error. @see RFC 4271 §6.3 */
export function wrongLength(because: string): Fault {
  return { subcode: 5, because };
}
