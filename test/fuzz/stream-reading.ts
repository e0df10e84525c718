/** What the reader of streams makes of an input, however it is cut. */
import { deepStrictEqual } from 'node:assert/strict';
import { type StreamError, XmppStream, headerBytes } from '@vaportrail/xmpp';

import type { Dice } from './mutation.ts';

/** The header with which a peer begins. */
export function streamHeader(from: string): Buffer {
  return headerBytes({ from, to: 'network-control@contrailsystems.com', namespace: '' });
}

/**
 * What is read of an input whole.
 * @throws AssertionError when it is read otherwise in pieces, and what an error inside of the reader was
 */
export function readHowever(bytes: Uint8Array, dice: Dice): Reading {
  const whole = read([Buffer.from(bytes)]);
  const torn = read(cut(bytes, dice));
  deepStrictEqual(torn.stanzas, whole.stanzas);
  deepStrictEqual(torn.isOver, whole.isOver);
  return whole;
}

export interface Reading {
  /** Stanzas and steps of negotiation. */
  readonly stanzas: unknown[];
  /** Whether the peer closed its stream. */
  readonly isOver: boolean;
  /** Of the error that ended it, or empty. */
  readonly condition: string;
}

/** What a stream makes of chunks behind its header. */
function read(chunks: readonly Buffer[]): Reading {
  const stanzas: unknown[] = [];
  const errors: StreamError[] = [];
  let isClosed = false;
  const stream = new XmppStream({
    header: () => {},
    stanza: (stanza) => void stanzas.push(stanza),
    negotiation: (step) => void stanzas.push(step),
    keepalive: () => {},
    closed: () => {
      isClosed = true;
    },
    failed: (error) => void errors.push(error),
  });
  stream.push(streamHeader('somebody'));
  for (const chunk of chunks) stream.push(chunk);
  if (errors.length > 1) throw new Error('failed twice');
  if (errors[0]?.condition === 'internal-server-error') throw errors[0].cause;
  // A stanza that does not end in the input may be found wrong early or not at all.
  return { stanzas, isOver: isClosed, condition: errors[0]?.condition ?? '' };
}

/** The octets one by one, or in a few pieces. */
export function cut(bytes: Uint8Array, dice: Dice): Buffer[] {
  const chunks: Buffer[] = [];
  const longest = dice.pick([1, 7, 100, bytes.length]);
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + dice.roll(longest));
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}
