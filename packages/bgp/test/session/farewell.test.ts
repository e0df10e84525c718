import t from 'tap';
import { administrativeShutdown, hardened } from '../../src/session/farewell.ts';
import { negotiate, localOpen } from '../../src/session/negotiate.ts';
import { sessionConfig, type SessionSettings } from '../../src/session/session-config.ts';
import { notified, sessionDown } from '../../src/session/session-end.ts';
import { NotificationError } from '../../src/wire/notification.ts';

const gracefulRestart = { restartTime: 60, families: [{ family: 'inet', forwarding: true }] } as const;
const settings: SessionSettings = {
  local: { asn: 1, routerId: 1 },
  peer: { address: '10.0.0.2', asn: 1 },
  families: ['inet'],
  gracefulRestart,
};
/** Both sides agreed that NOTIFICATIONs need not lose routes, or only we can restart. */
const [soft, plain] = [gracefulRestart, undefined].map((theirs) => {
  const { gracefulRestart: _ours, ...rest } = settings;
  const peer = { ...rest, local: { asn: 1, routerId: 2 }, ...(theirs && { gracefulRestart: theirs }) };
  return negotiate(sessionConfig(settings), localOpen(sessionConfig(peer)));
}) as [ReturnType<typeof negotiate>, ReturnType<typeof negotiate>];

t.test('a text goes with the shutdown', async (t) => {
  t.same([...administrativeShutdown('bye').data], [3, 98, 121, 101]);
  t.same([...administrativeShutdown('').data], []);
});

t.test('where a NOTIFICATION need not lose routes, a Cease does by travelling in a hard reset', async (t) => {
  const goodbye = hardened(administrativeShutdown('bye'), soft);
  t.same([goodbye.code, goodbye.subcode, ...goodbye.data], [6, 9, 6, 2, 3, 98, 121, 101]);
  t.equal(hardened(goodbye, soft), goodbye, 'once is enough');
  const error = new NotificationError(3, 1);
  t.equal(hardened(error, soft), error, 'an error is none');
  t.equal(hardened(administrativeShutdown('bye'), plain).subcode, 2);
});

t.test('what the end of a session means for the routes of the peer', async (t) => {
  const retained = (end: ReturnType<typeof notified>, negotiated: typeof soft) =>
    sessionDown(end, negotiated).retain;
  const goodbye = notified('received', hardened(administrativeShutdown('bye'), soft));
  t.match(goodbye, { code: 6, subcode: 2, hard: true, text: /by hard reset: bye$/ });
  t.same(retained(goodbye, soft), []);
  t.same(retained(notified('received', administrativeShutdown('bye')), soft), ['inet']);
  t.same(retained(notified('sent', new NotificationError(4, 0)), soft), ['inet'], 'the hold timer');
  t.same(retained(notified('sent', new NotificationError(4, 0)), plain), []);
  const lost = { direction: 'transport', text: 'closed', hard: false } as const;
  t.same(retained(lost, soft), ['inet']);
  t.same(retained(lost, plain), [], 'the peer preserves nothing');
});
