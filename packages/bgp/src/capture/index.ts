/** BGP out of capture files. */
export { BGP_PORT, CaptureReader, MAX_CONNECTIONS, type CapturedDocument } from './capture.ts';
export { CaptureError, MAX_RECORD_OCTETS, PacketReader, type CapturedPacket } from './packets.ts';
