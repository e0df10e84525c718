/** The mark behind the last route of a family. */
import { families, type FamilyName } from '../families/table.ts';
import { frameMessage, messageType } from '../wire/header.ts';

const OPTIONAL = 0x80;
const MP_UNREACH_NLRI = 15;

/** End-of-RIB as a whole message: an UPDATE that withdraws nothing. @see RFC 4724 §2 */
export function endOfRib(family: FamilyName): Uint8Array {
  if (family === 'inet') return frameMessage(messageType.update, new Uint8Array(4));
  const { afi, safi } = families[family];
  const body = Uint8Array.of(0, 0, 0, 6, OPTIONAL, MP_UNREACH_NLRI, 3, afi >>> 8, afi, safi);
  return frameMessage(messageType.update, body);
}
