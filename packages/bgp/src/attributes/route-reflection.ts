/** ORIGINATOR_ID and CLUSTER_LIST: what route reflectors add to find loops. */
import { type Attribute, exactly, internalOnly, multipleOf, optionalNonTransitive } from './attribute.ts';
import { plainIpv4, plainItems } from './plain.ts';

export const originatorId: Attribute<number, string> = {
  code: 9,
  title: 'ORIGINATOR_ID',
  flags: optionalNonTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4456 §8, RFC 7606 §7.9',
  check: internalOnly(exactly(4)),
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
  plain: plainIpv4,
};

export const clusterList: Attribute<readonly number[], readonly string[]> = {
  code: 10,
  title: 'CLUSTER_LIST',
  flags: optionalNonTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4456 §8, RFC 7606 §7.10',
  check: internalOnly(multipleOf(4)),
  decode: (reader) => Array.from({ length: reader.remaining / 4 }, () => reader.u32()),
  encode(writer, value) {
    for (const cluster of value) writer.u32(cluster);
  },
  plain: plainItems(plainIpv4.of, plainIpv4.parse),
};
