/** Fuzz target: BGP messages through the decoder, and those without a problem back through the encoder. */
import {
  type DecodeContext,
  UpdateFrame,
  describeMessage,
  encodeUpdate,
  locateUpdate,
} from '@vaportrail/bgp/wire';
import { type Dice, mutate } from './mutation.ts';
import type { Target } from './target.ts';

const HEADER_OCTETS = 19;
const LONGEST = 4096;
const frame = new UpdateFrame();
const flags = [true, false, null] as const;

export const bgpMessages: Target = {
  about: 'BGP messages: no exception, no loop, what is right is encoded to the same octets',
  corpus: 'bgp-messages.hex',
  vary(seed, other, dice) {
    const bytes = mutate(seed, other, dice, LONGEST);
    // Nine in ten with a right header: what is behind it would not be looked at otherwise.
    if (bytes.length < HEADER_OCTETS || dice.roll(10) === 0) return bytes;
    bytes.fill(0xff, 0, 16);
    bytes[16] = bytes.length >>> 8;
    bytes[17] = bytes.length;
    if (bytes[18]! === 0 || bytes[18]! > 5) bytes[18] = 2;
    return bytes;
  },
  run(bytes, dice) {
    const document = describeMessage(bytes, context(dice));
    if (document.type !== 'update') return `${document.type} ${problemsOf(document.problems)}`;
    if (document.problems.length === 0) {
      const again = encodeUpdate(document);
      if (Buffer.compare(again, withoutReserved(bytes)) !== 0)
        throw new Error(`encoded to ${Buffer.from(again).toString('hex')}`);
    }
    const families = new Set(document.routes.map(({ op, afi, safi }) => `${op[0]}${afi}/${safi}`));
    const names = Object.keys(document.attributes).join();
    return `update ${[...families].join()} ${names} ${problemsOf(document.problems)}`;
  },
};

/** The message with the reserved octet of MP_REACH_NLRI zero, as every sender must have it. @see RFC 4760 §3 */
function withoutReserved(bytes: Uint8Array): Uint8Array {
  locateUpdate(bytes, 0, bytes.length, frame);
  if (frame.reachAt === 0) return bytes;
  const copy = Uint8Array.from(bytes);
  copy[frame.reachNlriAt - 1] = 0;
  return copy;
}

function context(dice: Dice): DecodeContext {
  return { asn4: dice.pick(flags), addpath: dice.pick(flags), ibgp: dice.pick(flags) };
}

function problemsOf(problems: readonly { approach: string; subcode: number; attribute?: string }[]): string {
  return problems
    .map(({ approach, subcode, attribute = '' }) => `${approach[0]}${subcode}${attribute}`)
    .join();
}
