/** MRT files: read, written, logged into, and played to a peer. */
export { readMrt, readMrtPaths, readMrtStream, type MrtInput } from './read-mrt.ts';
export { DumpFile, dumpFileName } from './dump-file.ts';
export { TableDumps, writeDump, type DumpReport, type TableDumpSettings } from './table-dumps.ts';
export { MessageLog, type MessageLogSettings } from './message-log.ts';
export { MrtReplay, type ReplayReport, type ReplaySettings } from './replay.ts';
