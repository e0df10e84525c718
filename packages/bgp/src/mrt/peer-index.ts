/** PEER_INDEX_TABLE: the peers that the entries of a dump refer to by number. @see RFC 6396 §4.3.1 */
import { type Reader, Writer, addressText, ipv4Text, parseAddress, parseIpv4 } from '@vaportrail/net';

/** A peer of whoever made a dump. */
export interface MrtPeer {
  /** BGP identifier in dotted decimal. */
  readonly routerId: string;
  readonly address: string;
  readonly asn: number;
}

/** The peers that the entries of a dump refer to by number. @see RFC 6396 §4.3.1 */
export interface PeerIndex {
  readonly collector: string;
  readonly viewName: string;
  readonly peers: readonly MrtPeer[];
}

const IPV6_PEER = 0x01;
const ASN4_PEER = 0x02;

/** @throws Truncated when the table is cut off */
export function decodePeerIndex(reader: Reader): PeerIndex {
  const collector = ipv4Text(reader.u32());
  const viewName = new TextDecoder().decode(reader.slice(reader.u16()));
  const count = reader.u16();
  const peers: MrtPeer[] = [];
  for (let i = 0; i < count; i++) {
    const type = reader.u8();
    const routerId = ipv4Text(reader.u32());
    const address = addressText(reader.slice((type & IPV6_PEER) === 0 ? 4 : 16));
    const asn = (type & ASN4_PEER) === 0 ? reader.u16() : reader.u32();
    peers.push({ routerId, address, asn });
  }
  return { collector, viewName, peers };
}

/** The body of the record; AS numbers take four octets. */
export function encodePeerIndex({ collector, viewName, peers }: PeerIndex): Uint8Array {
  const writer = new Writer();
  writer.u32(parseIpv4(collector)).length16((text) => text.bytes(new TextEncoder().encode(viewName)));
  writer.u16(peers.length);
  for (const { routerId, address, asn } of peers) {
    const bytes = parseAddress(address);
    writer.u8(ASN4_PEER | (bytes.length === 16 ? IPV6_PEER : 0));
    writer.u32(parseIpv4(routerId)).bytes(bytes).u32(asn);
  }
  return writer.finish();
}
