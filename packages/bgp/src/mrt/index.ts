/** MRT, the format: records of routing tables and message logs, as octets. @see RFC 6396, RFC 8050 */
export { MAX_MRT_RECORD, MrtError, MrtStream, mrtType, type MrtRecord } from './record.ts';
export { MrtFilter, type MrtConditions } from './filter.ts';
export { LinePrinter } from './line.ts';
export { MrtPathReader, type MrtPath } from './path.ts';
export { decodePeerIndex, encodePeerIndex, type MrtPeer, type PeerIndex } from './peer-index.ts';
export {
  beginRib,
  decodeRib,
  decodeTableDump,
  dumpedReach,
  encodeRib,
  locateRib,
  ribSubtype,
  ribSubtypeOf,
  writeRibEntries,
  type DumpedPath,
  type OldRibRecord,
  type RibEntry,
  type RibLocation,
  type RibRecord,
} from './table-dump.ts';
export {
  decodeBgp4mp,
  encodeMessageLog,
  encodeStateChange,
  type MrtMessage,
  type MrtSession,
  type MrtStateChange,
} from './bgp4mp.ts';
