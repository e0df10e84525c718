import fc from 'fast-check';
import { copyOctets } from '@vaportrail/net';
import t from 'tap';
import { MessageStream } from '../../src/session/framing.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';
import { NotificationError } from '../../src/wire/notification.ts';

/** A stream that keeps copies of what it hands on. */
function collect(): { stream: MessageStream; messages: Uint8Array[]; types: number[] } {
  const messages: Uint8Array[] = [];
  const types: number[] = [];
  const stream = new MessageStream((type, bytes, start, end) => {
    types.push(type);
    messages.push(copyOctets(bytes, start, end));
    return true;
  });
  return { stream, messages, types };
}

/** The NOTIFICATION that the octets provoke. */
function complaint(octets: Uint8Array): NotificationError {
  try {
    collect().stream.push(octets);
  } catch (error) {
    if (error instanceof NotificationError) return error;
    throw error;
  }
  throw new Error('no complaint');
}

const keepalive = frameMessage(messageType.keepalive, new Uint8Array(0));
const update = (octets: number): Uint8Array =>
  frameMessage(messageType.update, new Uint8Array(octets).fill(7));

t.test('messages come out whole, however the octets are cut', async (t) => {
  const someMessages = fc.array(
    fc.oneof(
      fc.constant(keepalive),
      fc.integer({ min: 4, max: 4077 }).map(update),
      fc.integer({ min: 4, max: 40 }).map(update),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(
      someMessages,
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      (messages, cuts) => {
        const octets = Buffer.concat(messages);
        const { stream, messages: seen } = collect();
        for (let at = 0, i = 0; at < octets.length; i++) {
          const end = Math.min(octets.length, at + cuts[i % cuts.length]!);
          stream.push(Uint8Array.from(octets.subarray(at, end)));
          at = end;
        }
        t.same(stream.pending, 0);
        if (Buffer.compare(Buffer.concat(seen), octets) !== 0 || seen.length !== messages.length)
          throw new Error('other messages came out');
      },
    ),
    { numRuns: 300 },
  );
});

t.test('a message within a chunk is a view into it', async (t) => {
  const chunk = Buffer.concat([keepalive, update(10), update(20).subarray(0, 25)]);
  const views: Uint8Array[] = [];
  const stream = new MessageStream((_, bytes) => {
    views.push(bytes);
    return true;
  });
  stream.push(chunk);
  t.same(
    views.map((view) => view === chunk),
    [true, true],
  );
  t.equal(stream.pending, 25);
});

t.test('half a header, or one octet, is waited with', async (t) => {
  const { stream, messages } = collect();
  for (const octet of keepalive) {
    t.equal(messages.length, 0);
    stream.push(Uint8Array.of(octet));
  }
  t.equal(messages.length, 1);
});

t.test('what is no BGP is answered as RFC 4271 §6.1 says', async (t) => {
  const http = new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example\r\n\r\n');
  t.match(complaint(http), { code: 1, subcode: 1 });
  const withLength = (length: number, type = 2): Uint8Array => {
    const octets = update(100);
    octets[16] = length >> 8;
    octets[17] = length;
    octets[18] = type;
    return octets;
  };
  for (const length of [0, 18, 22, 4097, 65535])
    t.match(complaint(withLength(length)), { code: 1, subcode: 2, data: Uint8Array.of(length >> 8, length) });
  t.match(complaint(withLength(20, 4)), { code: 1, subcode: 2 }, 'a KEEPALIVE with a body');
  t.match(complaint(withLength(28, 1)), { code: 1, subcode: 2 }, 'an OPEN without its fields');
  for (const type of [0, 6, 9, 255])
    t.match(complaint(withLength(40, type)), { code: 1, subcode: 3, data: Uint8Array.of(type) });
});

t.test('a bad header that arrives in pieces is found as soon as it is whole', async (t) => {
  const { stream, messages } = collect();
  const octets = update(100);
  octets[16] = 255;
  stream.push(Uint8Array.from(octets.subarray(0, 10)));
  t.throws(() => stream.push(Uint8Array.from(octets.subarray(10, 19))), { code: 1, subcode: 2 });
  t.equal(messages.length, 0);
});

t.test('long messages pass once they are agreed on, a long OPEN never', async (t) => {
  const { stream, messages } = collect();
  stream.acceptExtendedMessages();
  const long = update(65_000);
  stream.push(Uint8Array.from(long.subarray(0, 30_000)));
  stream.push(Uint8Array.from(long.subarray(30_000)));
  t.equal(messages[0]?.length, 65_019);
  t.throws(() => stream.push(frameMessage(messageType.open, new Uint8Array(5000))), { code: 1, subcode: 2 });
});

t.test('a sink that has had enough gets no further message', async (t) => {
  let seen = 0;
  const stream = new MessageStream(() => ++seen < 2);
  stream.push(Buffer.concat([keepalive, keepalive, keepalive]));
  t.equal(seen, 2);
});
