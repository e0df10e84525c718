import t from 'tap';
import { Listener } from '../../src/session/listener.ts';
import { Session, type SessionHandlers } from '../../src/session/session.ts';
import type { SessionSettings } from '../../src/session/session-config.ts';

/** A session that records what happens to it. */
function recorded(settings: SessionSettings): { session: Session; log: string[] } {
  const log: string[] = [];
  const handlers: SessionHandlers = {
    established: ({ families, peerAsn, holdTime }) =>
      void log.push(`established ${families.join()} ${peerAsn} ${holdTime}`),
    update: (_, start, end) => void log.push(`update ${end - start}`),
    routeRefresh: (family, subtype) => void log.push(`refresh ${family} ${subtype}`),
    down: ({ text }) => void log.push(`down ${text}`),
    failed: ({ text }) => void log.push(`failed ${text}`),
  };
  return { session: new Session(settings, handlers), log };
}

/** Waits until a condition holds, or fails after five seconds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within five seconds: ${what}`);
}

t.test('two speakers agree, exchange a message and part with a text', async (t) => {
  const listener = new Listener();
  const { port } = await listener.listen({ address: '127.0.0.1', port: 0 });
  const server = recorded({
    local: { asn: 65001, routerId: 1 },
    peer: { address: '127.0.0.1', asn: 65002, passive: true },
    families: ['inet', 'inet-vpn'],
  });
  const client = recorded({
    local: { asn: 65002, routerId: 2 },
    peer: { address: '127.0.0.1', port, asn: 65001 },
    families: ['inet-vpn', 'route-target'],
    holdTime: 30,
  });
  listener.add(server.session);
  server.session.start();
  client.session.start();
  await until('established', () => client.log.length > 0 && server.log.length > 0);
  t.equal(client.session.requestRefresh('inet-vpn'), true);
  await until('the refresh', () => server.log.length > 1);
  await client.session.stop('maintenance');
  await until('the end', () => server.log.length > 2);
  t.same(server.log, [
    'established inet-vpn 65002 30',
    'refresh inet-vpn request',
    'down received Cease (6) / Administrative Shutdown (2): maintenance',
  ]);
  t.match(client.log[1], /^down sent Cease/);
  t.equal(client.session.state, 'Idle');
  await server.session.stop();
  await listener.close();
});
