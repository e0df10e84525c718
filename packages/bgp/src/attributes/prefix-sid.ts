/** PREFIX_SID: the segment that leads to a prefix, as an MPLS label index or as SRv6 services. */
import { Reader, ipv6Text } from '@vaportrail/net';
import { type Attribute, type Fault, optionalTransitive, wrongLength } from './attribute.ts';
import { type PlainTlv, type Tlv, checkTlvs, describedTlvs, readTlvs, writeTlvs } from './tlv.ts';

const LABEL_INDEX = 1;
const ORIGINATOR_SRGB = 3;
const SRV6_L3_SERVICE = 5;
const SRV6_L2_SERVICE = 6;
/** Behind the reserved octet of an SRv6 service, and then behind the fixed octets of its SID. @see RFC 9252 §3.1 */
const SID_INFORMATION = 1;
const SID_STRUCTURE = 1;
const SHORTEST_SID_INFORMATION = 21;

/** At all three levels. */
const form = { typeOctets: 1, lengthOctets: 2 } as const;

function isService(type: number): boolean {
  return type === SRV6_L3_SERVICE || type === SRV6_L2_SERVICE;
}

/** Malformed services take the routes along, as without its SID a route leads nowhere. @see RFC 9252 §7 */
function checkService(bytes: Uint8Array, at: number, end: number): Fault | undefined {
  if (at === end) return withdraw(wrongLength('an empty SRv6 service'));
  const fault = checkTlvs(bytes, at + 1, end, form, (type, from, to) => {
    if (type !== SID_INFORMATION) return undefined;
    if (to - from < SHORTEST_SID_INFORMATION) return wrongLength(`an SRv6 SID of ${to - from} octets`);
    return checkTlvs(bytes, from + SHORTEST_SID_INFORMATION, to, form);
  });
  return fault === undefined ? undefined : withdraw(fault);
}

function withdraw(fault: Fault): Fault {
  return { ...fault, approach: 'treat-as-withdraw' };
}

function describe(type: number, value: Reader): Readonly<Record<string, unknown>> {
  switch (type) {
    case LABEL_INDEX:
      value.skip(3);
      return { name: 'label-index', labelIndex: value.u32() };
    case ORIGINATOR_SRGB: {
      value.skip(2);
      const ranges: { base: number; size: number }[] = [];
      while (value.remaining > 0) ranges.push({ base: value.u24(), size: value.u24() });
      return { name: 'originator-srgb', ranges };
    }
    case SRV6_L3_SERVICE:
    case SRV6_L2_SERVICE: {
      value.skip(1);
      const name = type === SRV6_L3_SERVICE ? 'srv6-l3-service' : 'srv6-l2-service';
      const sids = readTlvs(value, form).filter((sub) => sub.type === SID_INFORMATION);
      return { name, sids: sids.map(({ value: sid }) => describeSid(sid)) };
    }
    default:
      return {};
  }
}

/** The fields of an SRv6 SID Information Sub-TLV, and of the structure in it. @see RFC 9252 §3.1, §3.2.1 */
function describeSid(octets: Uint8Array): Readonly<Record<string, unknown>> {
  const reader = new Reader(octets);
  reader.skip(1);
  const sid = ipv6Text(reader.slice(16));
  const flags = reader.u8();
  const behavior = reader.u16();
  reader.skip(1);
  const structure = readTlvs(reader, form).find((sub) => sub.type === SID_STRUCTURE)?.value;
  if (structure?.length !== 6) return { sid, flags, behavior };
  const [locatorBlock, locatorNode, functionBits, argument, transpositionLength, transpositionOffset] =
    structure;
  return {
    sid,
    flags,
    behavior,
    structure: {
      locatorBlock,
      locatorNode,
      function: functionBits,
      argument,
      transpositionLength,
      transpositionOffset,
    },
  };
}

export const prefixSid: Attribute<readonly Tlv[], readonly PlainTlv[]> = {
  code: 40,
  title: 'PREFIX_SID',
  flags: optionalTransitive,
  malformed: 'attribute-discard',
  wrongFlags: 'attribute-discard',
  see: 'RFC 8669 §3, §6, RFC 9252 §7',
  check(bytes, at, end) {
    if (at === end) return wrongLength('empty');
    const visit = (type: number, from: number, to: number): Fault | undefined => {
      const length = to - from;
      if (type === LABEL_INDEX && length !== 7) return wrongLength(`a label index TLV of ${length} octets`);
      if (type === ORIGINATOR_SRGB && (length < 8 || (length - 2) % 6 !== 0)) {
        return wrongLength(`an originator SRGB TLV of ${length} octets`);
      }
      return isService(type) ? checkService(bytes, from, to) : undefined;
    };
    return checkTlvs(bytes, at, end, form, visit, (type) =>
      isService(type) ? 'treat-as-withdraw' : undefined,
    );
  },
  decode: (reader) => readTlvs(reader, form),
  encode: (writer, value) => writeTlvs(writer, value, form),
  plain: describedTlvs(describe),
};
