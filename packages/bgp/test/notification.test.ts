import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import {
  NotificationError,
  decodeMessage,
  decodeRouteRefresh,
  encapsulatedNotification,
  encodeMessage,
  encodeShutdownText,
  keepalive,
  messageLength,
  notificationText,
  shutdownText,
} from '../src/wire/index.ts';

t.test('codes and subcodes have names, unassigned ones too', async (t) => {
  t.equal(notificationText(3, 11), 'UPDATE Message Error (3) / Malformed AS_PATH (11)');
  t.equal(notificationText(4, 0), 'Hold Timer Expired (4)');
  t.equal(notificationText(6, 10), 'Cease (6) / BFD Down (10)');
  t.equal(notificationText(5, 3), 'Finite State Machine Error (5) / Unexpected Message in Established (3)');
  t.equal(notificationText(99, 7), 'Unassigned (99) / Unassigned (7)');
  t.equal(
    new NotificationError(2, 2, undefined, 'AS 65001').message,
    'OPEN Message Error (2) / Bad Peer AS (2): AS 65001',
  );
});

t.test('a shutdown says why, within 255 octets and without disturbing a terminal', async (t) => {
  const cease = (data: Uint8Array, subcode = 2): string | undefined =>
    shutdownText({ code: 6, subcode, data });
  t.equal(cease(encodeShutdownText('maintenance until 14:00')), 'maintenance until 14:00');
  t.equal(cease(encodeShutdownText('bye'), 4), 'bye');
  t.equal(cease(encodeShutdownText('bye'), 3), undefined);
  t.equal(cease(encodeShutdownText('a\u001b[31mb')), 'a\ufffd[31mb');
  t.equal(cease(parseHex('05414243')), undefined, 'a length that passes the end');
  t.equal(cease(new Uint8Array(0)), undefined);
  const long = encodeShutdownText('é'.repeat(200));
  t.equal(long[0], 254, 'cut between two characters');
  t.equal(cease(long), 'é'.repeat(127));
});

t.test('a hard reset carries the NOTIFICATION it stands for', async (t) => {
  const inner = { type: 'notification', code: 6, subcode: 3, data: Uint8Array.of(1) } as const;
  const outer = { type: 'notification', code: 6, subcode: 9, data: parseHex('060301') } as const;
  t.same(encapsulatedNotification(outer), inner);
  t.equal(encapsulatedNotification(inner), undefined);
});

t.test('messages of a session are read as they were written', async (t) => {
  for (const message of [
    keepalive,
    { type: 'notification', code: 6, subcode: 2, data: Uint8Array.of(1, 65) },
    { type: 'route-refresh', afi: 1, safi: 128, subtype: 1, filters: new Uint8Array(0) },
  ] as const) {
    t.same(decodeMessage(encodeMessage(message)), message);
  }
  t.equal(hexText(encodeMessage(keepalive)), `${'ff'.repeat(16)}001304`);
});

t.test('a header that cannot be ends the session with its subcode', async (t) => {
  const header = (hex: string): Uint8Array => parseHex('ff'.repeat(16) + hex);
  for (const [hex, subcode, data] of [
    ['001204', 2, '0012'],
    ['100102', 2, '1001'],
    ['001606', 3, '06'],
    ['001600', 3, '00'],
    ['001c01', 2, '001c'],
    ['001602', 2, '0016'],
    ['001403', 2, '0014'],
    ['001404', 2, '0014'],
    ['001605', 2, '0016'],
  ] as const) {
    t.throws(() => messageLength(header(hex), 0), { code: 1, subcode, data: parseHex(data) }, hex);
  }
  t.throws(() => messageLength(parseHex('fe' + 'ff'.repeat(15) + '001304'), 0), { code: 1, subcode: 1 });
  t.equal(messageLength(header('100102'), 0, 65535), 0x1001, 'unless extended messages were negotiated');
  t.throws(
    () => messageLength(header('100101'), 0, 65535),
    { code: 1, subcode: 2 },
    'which do not concern OPEN',
  );
  t.throws(() => decodeMessage(header('0017')), { code: 1, subcode: 2 });
  t.throws(() => decodeMessage(header('001702')), { code: 1, subcode: 2 });
});

t.test('a route refresh that marks an end carries nothing else', async (t) => {
  t.throws(() => decodeRouteRefresh(parseHex('0001018000'), 0, 5), { code: 7, subcode: 1 });
  t.match(decodeRouteRefresh(parseHex('000100800102'), 0, 6), { subtype: 0, filters: Uint8Array.of(1, 2) });
});
