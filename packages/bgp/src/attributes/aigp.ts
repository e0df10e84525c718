/** AIGP: the accumulated IGP metric of a path through several ASes of one administration. */
import { type Attribute, optionalNonTransitive, wrongLength } from './attribute.ts';
import { plainRecord } from './plain.ts';
import { type PlainTlv, type Tlv, checkTlvs, plainTlvs, readTlvs, writeTlvs } from './tlv.ts';

const METRIC_TLV = 1;
/** Its length field counts the three octets of the header. @see RFC 7311 §3 */
const form = { typeOctets: 1, lengthOctets: 2, lengthCountsHeader: true } as const;

/** The accumulated metric, and whatever TLVs it came in. @see RFC 7311 §3 */
export interface Aigp {
  /** From the first TLV of type 1. */
  readonly metric: bigint | undefined;
  readonly tlvs: readonly Tlv[];
}

/** The metric, with digits for one beyond `Number.MAX_SAFE_INTEGER`, and all TLVs, which are what gets encoded if they are there. */
export interface PlainAigp {
  readonly metric?: number | string | null;
  readonly tlvs?: readonly PlainTlv[];
}

export const aigp: Attribute<Aigp, PlainAigp> = {
  code: 26,
  title: 'AIGP',
  flags: optionalNonTransitive,
  malformed: 'attribute-discard',
  wrongFlags: 'attribute-discard',
  see: 'RFC 7311 §3',
  check: (bytes, at, end) => {
    let metrics = 0;
    if (at === end) return wrongLength('empty');
    return checkTlvs(bytes, at, end, form, (type, from, to) => {
      if (type !== METRIC_TLV || metrics++ > 0) return undefined;
      if (to - from !== 8) return wrongLength(`a metric of ${to - from} octets`);
      if (isHighest(bytes, from)) return { subcode: 9, because: 'the metric is the highest there is' };
      return undefined;
    });
  },
  decode(reader) {
    const tlvs = readTlvs(reader, form);
    const metric = tlvs.find(({ type }) => type === METRIC_TLV)?.value;
    if (metric?.length !== 8) return { metric: undefined, tlvs };
    const view = new DataView(metric.buffer, metric.byteOffset, 8);
    return { metric: view.getBigUint64(0), tlvs };
  },
  encode: (writer, { tlvs }) => writeTlvs(writer, tlvs, form),
  plain: {
    of: ({ metric, tlvs }) => ({
      metric: metric === undefined ? null : plainMetric(metric),
      tlvs: plainTlvs.of(tlvs),
    }),
    parse(plain) {
      const { metric, tlvs } = plainRecord(plain);
      if (tlvs !== undefined) return { metric: undefined, tlvs: plainTlvs.parse(tlvs) };
      if (typeof metric === 'string' && /^\d{1,19}$/.test(metric)) return aigpMetric(BigInt(metric));
      if (typeof metric !== 'number' || !Number.isSafeInteger(metric) || metric < 0) {
        throw new RangeError(`${JSON.stringify(metric)} is not a metric`);
      }
      return aigpMetric(BigInt(metric));
    },
  },
};

/** A number, or its digits when JSON has no such number. */
function plainMetric(metric: bigint): number | string {
  return metric <= Number.MAX_SAFE_INTEGER ? Number(metric) : String(metric);
}

/** Whether eight octets hold the metric that no route can have. @see RFC 7311 §3.2 */
function isHighest(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 8; i++) if (bytes[i] !== 0xff) return false;
  return true;
}

/** The value that carries one metric. */
export function aigpMetric(metric: bigint): Aigp {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, metric);
  return { metric, tlvs: [{ type: METRIC_TLV, value }] };
}
