import t from 'tap';
import { OutgoingFamily } from '../../src/monitor/outgoing-family.ts';
import type { SessionMonitor } from '../../src/monitor/session-monitor.ts';
import { endOfRib } from '../../src/session/end-of-rib.ts';
import type { Negotiated } from '../../src/session/negotiate.ts';
import type { Session } from '../../src/session/session.ts';

const agreed: Negotiated = {
  families: ['inet', 'inet-vpn'],
  addPath: { send: [], receive: [] },
  asn4: true,
  extendedMessage: false,
  routeRefresh: true,
  enhancedRefresh: false,
  extendedNextHop: ['inet-vpn'],
  holdTime: 90,
  peerAsn: 64513,
  peerRouterId: 1,
  internal: false,
  capabilities: [],
};

function outgoing(family: 'inet' | 'inet-vpn', negotiated = agreed) {
  const done: string[] = [];
  const written: Uint8Array[] = [];
  const session = {
    backlog: 7,
    write(buffers: readonly Uint8Array[], sent?: () => void) {
      done.push('written');
      written.push(...buffers);
      sent?.();
    },
  } as Session;
  const monitor = { sent: () => void done.push('monitored') } as unknown as SessionMonitor;
  return { done, written, family: new OutgoingFamily(family, negotiated, 'peer', session, monitor) };
}

t.test('the monitor sees what is sent, and the one who sends hears when the buffers are free', async (t) => {
  const { done, written, family } = outgoing('inet');
  const update = Buffer.alloc(23);
  family.send([update], () => void done.push('free'));
  t.strictSame(done, ['monitored', 'written', 'free']);
  t.strictSame(written, [update]);
  t.equal(family.backlog, 7);
});

t.test('the End-of-RIB is that of the family', async (t) => {
  const { written, family } = outgoing('inet-vpn');
  family.synchronised();
  t.strictSame(written, [endOfRib('inet-vpn')]);
});

t.test('an IPv6 next hop is agreed on for each family, route target constraint for all', async (t) => {
  t.equal(outgoing('inet').family.format.extendedNextHop, false);
  t.equal(outgoing('inet-vpn').family.format.extendedNextHop, true);
  t.equal(outgoing('inet').family.filterByRouteTarget, false);
  const constrained = { ...agreed, families: [...agreed.families, 'route-target' as const] };
  t.equal(outgoing('inet', constrained).family.filterByRouteTarget, true);
});
