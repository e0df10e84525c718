/** Descriptors in BGP-LS NLRI: which node, link or prefix it is. @see RFC 9552 §5.2.1–§5.2.3 */
import {
  type Reader,
  addressText,
  clearHostBits,
  hexText,
  ipv4Text,
  ipv6Text,
  prefixOctets,
  prefixText,
} from '@vaportrail/net';
import { describedTlvs, readTlvs } from '../attributes/tlv.ts';

type Fields = Readonly<Record<string, unknown>>;

const form = { typeOctets: 2, lengthOctets: 2 } as const;

/** Sub-TLVs of a node descriptor. */
function node(value: Reader): Fields {
  const fields: Record<string, unknown> = {};
  for (const { type, value: octets } of readTlvs(value, form)) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    if (type === 512 && octets.length === 4) fields['asn'] = view.getUint32(0);
    else if (type === 513 && octets.length === 4) fields['bgpLsIdentifier'] = view.getUint32(0);
    else if (type === 514 && octets.length === 4) fields['area'] = ipv4Text(view.getUint32(0));
    else if (type === 515) fields['igpRouterId'] = hexText(octets);
    else if (type === 516 && octets.length === 4) fields['bgpRouterId'] = ipv4Text(view.getUint32(0));
  }
  return fields;
}

const address = (value: Reader): Fields => ({
  address: value.remaining === 4 ? addressText(value.slice(4)) : ipv6Text(value.slice(16)),
});

function multiTopology(value: Reader): Fields {
  const identifiers: number[] = [];
  while (value.remaining > 0) identifiers.push(value.u16() & 0xfff);
  return { identifiers };
}

function reachability(value: Reader, ipv6: boolean): Fields {
  const length = value.u8();
  const bytes = new Uint8Array(ipv6 ? 16 : 4);
  if (length > bytes.length * 8 || value.remaining !== prefixOctets(length)) return {};
  bytes.set(value.slice(value.remaining));
  clearHostBits(bytes, length);
  return { prefix: prefixText({ bytes, length }) };
}

/** Descriptors by type; `nlriType` tells IPv4 prefixes from IPv6 ones. */
const rows: Readonly<
  Record<number, { readonly name: string; read?(value: Reader, nlriType: number): Fields }>
> = {
  256: { name: 'local-node', read: node },
  257: { name: 'remote-node', read: node },
  258: { name: 'link-identifiers', read: (value) => ({ local: value.u32(), remote: value.u32() }) },
  259: { name: 'ipv4-interface', read: address },
  260: { name: 'ipv4-neighbor', read: address },
  261: { name: 'ipv6-interface', read: address },
  262: { name: 'ipv6-neighbor', read: address },
  263: { name: 'multi-topology', read: multiTopology },
  264: { name: 'ospf-route-type', read: (value) => ({ routeType: value.u8() }) },
  265: {
    name: 'ip-reachability',
    read: (value, nlriType) => reachability(value, nlriType === IPV6_PREFIX),
  },
  518: { name: 'srv6-sid', read: (value) => ({ sid: ipv6Text(value.slice(16)) }) },
};

const IPV6_PREFIX = 4;

/** The descriptors up to the end, with names and fields beside their octets. @throws Truncated when one passes the end */
export function readDescriptors(body: Reader, nlriType: number): unknown {
  const plain = describedTlvs((type, value) => {
    const row = rows[type];
    return row === undefined ? {} : { name: row.name, ...row.read?.(value, nlriType) };
  });
  return plain.of(readTlvs(body, form));
}
