import { ManualClock, parseHex } from '@vaportrail/net';
import t from 'tap';
import type { Negotiated } from '../../src/session/negotiate.ts';
import { RouteRefreshes, refreshMessage } from '../../src/session/route-refreshes.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';

const negotiated = {
  families: ['inet-vpn'],
  routeRefresh: true,
  enhancedRefresh: true,
} as unknown as Negotiated;

/** The refreshes of a session with a clock to turn, and what its user is told. */
function refreshes(refreshTime = 600, agreed = negotiated) {
  const clock = new ManualClock();
  const told: string[] = [];
  const handlers = {
    routeRefresh: (family: string, subtype: string) => void told.push(`${family} ${subtype}`),
    routeFilters: (family: string) => void told.push(`${family} filters`),
  };
  const subject = new RouteRefreshes(handlers, clock, refreshTime, (error) => void told.push(String(error)));
  const receive = (body: string): void => {
    const message = frameMessage(messageType.routeRefresh, parseHex(body));
    subject.receive(message, 0, message.length, agreed);
  };
  return { clock, told, subject, receive };
}

t.test('a peer that marks a beginning and no end is taken to have said it', async (t) => {
  const { clock, told, receive } = refreshes();
  receive('00010180');
  t.same(told, ['inet-vpn beginning']);
  clock.advance(599_000);
  receive('00010180'); // it begins again, and has its time again
  clock.advance(599_000);
  t.equal(told.length, 2);
  clock.advance(1000);
  t.equal(told.at(-1), 'inet-vpn end');
  clock.advance(1_000_000);
  receive('00010280');
  t.equal(told.length, 3, 'an end without a beginning says nothing');
});

t.test('an end in time is the end', async (t) => {
  const { clock, told, receive } = refreshes();
  receive('00010180');
  receive('00010280');
  clock.advance(1_000_000);
  t.same(told, ['inet-vpn beginning', 'inet-vpn end']);
});

t.test('without a bound, and after the session, nothing comes', async (t) => {
  const patient = refreshes(0);
  patient.receive('00010180');
  patient.clock.advance(1e9);
  t.same(patient.told, ['inet-vpn beginning']);
  const gone = refreshes();
  gone.receive('00010180');
  gone.subject.clear();
  gone.clock.advance(1e9);
  t.same(gone.told, ['inet-vpn beginning']);
});

t.test('what was not negotiated is ignored', async (t) => {
  const { told, receive } = refreshes(600, { ...negotiated, enhancedRefresh: false });
  receive('00010180');
  receive('00010280');
  receive('00010380');
  receive('00020080');
  t.same(told, []);
  t.equal(refreshMessage({ ...negotiated, enhancedRefresh: false }, 'inet-vpn', 'end'), undefined);
  t.equal(refreshMessage(negotiated, 'inet', 'request'), undefined);
  t.equal(refreshMessage(negotiated, 'inet-vpn', 'end')?.length, 23);
});

t.test('filters are told of, and the family is sent all the same', async (t) => {
  const { told, receive } = refreshes();
  receive('00010080' + '01' + '40' + '0001' + '80');
  t.same(told, ['inet-vpn filters', 'inet-vpn request']);
});

t.test('of one that begins all the time one beginning in ten seconds counts', async (t) => {
  const { clock, told, receive } = refreshes();
  for (let i = 0; i < 1000; i++) {
    receive('00010180');
    receive('00010280');
  }
  t.same(told.splice(0), ['inet-vpn beginning', 'inet-vpn end']);
  clock.advance(10_000);
  receive('00010180');
  clock.advance(5_000);
  receive('00010180'); // while it is still sending
  receive('00010280');
  receive('00010280');
  t.same(told, ['inet-vpn beginning', 'inet-vpn end']);
});
