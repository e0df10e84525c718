/** MRT: routing tables and message logs in files. @see RFC 6396, RFC 8050 */
export { MAX_MRT_RECORD, MrtError, MrtStream, mrtType, type MrtRecord } from './record.ts';
export { readMrt, readMrtStream } from './file.ts';
export { MrtFilter, type MrtConditions } from './filter.ts';
export { LinePrinter } from './line.ts';
export { MrtPathReader, attributeFields, type MrtPath } from './path.ts';
export { decodePeerIndex, encodePeerIndex, type MrtPeer, type PeerIndex } from './peer-index.ts';
export {
  decodeRib,
  decodeTableDump,
  dumpedReach,
  encodeRib,
  locateRib,
  ribSubtype,
  ribSubtypeOf,
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
export { DumpFile, dumpFileName } from './dump-file.ts';
export { TableDumps, writeDump, type DumpReport, type TableDumpSettings } from './table-dumps.ts';
export { MessageLog, type MessageLogSettings } from './message-log.ts';
