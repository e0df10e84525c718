// Sessions with FRR: both directions, collision, timers, errors and texts, as FRR itself tells them.
import { Listener } from '@vaportrail/bgp';
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import { RecordedSession, us } from './recorded-session.ts';

t.setTimeout(120_000);
const { missing } = { missing: undefined, ...findFrr() };
const skip = missing ?? false;
const block = new LoopbackBlock();
const families = ['inet-vpn'] as const;

interface FrrNeighborView {
  readonly bgpState: string;
  readonly lastNotificationReason?: string;
  readonly lastShutdownDescription?: string;
  readonly lastResetDueTo?: string;
  readonly messageStats: { readonly routeRefreshRecv: number; readonly routeRefreshSent: number };
  readonly connectionsEstablished: number;
  readonly neighborCapabilities?: Record<string, unknown>;
}

/** What FRR says about the neighbour at an address. */
async function neighbor(frr: Frr, address: string): Promise<FrrNeighborView> {
  const view = (await frr.json(`show bgp neighbors ${address}`)) as Record<string, FrrNeighborView>;
  return view[address]!;
}

t.test('we connect to FRR, ask it to refresh, and leave with a text it shows', { skip }, async (t) => {
  const [address, frrAddress] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [{ address, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address: frrAddress, port: frr.port, asn: us.asn },
    families,
  });
  peer.session.start();
  const negotiated = await peer.up();
  t.match(negotiated, {
    families: ['inet-vpn'],
    asn4: true,
    routeRefresh: true,
    enhancedRefresh: true,
    extendedMessage: true,
    holdTime: 30,
    peerAsn: us.asn,
    peerRouterId: 0x0a000002,
    internal: true,
  });
  t.equal((await neighbor(frr, address)).bgpState, 'Established');
  t.equal(peer.session.endpoints?.local.address, address);

  t.ok(peer.session.requestRefresh('inet-vpn'));
  await peer.until(
    'FRR has seen the request',
    async () => (await neighbor(frr, address)).messageStats.routeRefreshRecv === 1,
  );
  await frr.vtysh(`clear bgp ipv4 vpn ${address} soft in`);
  await peer.until('FRR asks us', () => peer.refreshes.includes('inet-vpn request'));
  // When it is idle enough FRR marks beginning and end of what it told us again, as RFC 7313 has it.
  const marks = peer.refreshes.filter((text) => text !== 'inet-vpn request');
  t.ok(['', 'inet-vpn beginning', 'inet-vpn beginning,inet-vpn end'].includes(marks.join()), marks.join());

  await peer.session.stop('moved to rack 12');
  t.match(peer.downs, [{ direction: 'sent', code: 6, subcode: 2 }]);
  const view = await neighbor(frr, address);
  t.match(view.lastNotificationReason, 'Cease/Administrative Shutdown');
  t.match(JSON.stringify(view), 'moved to rack 12');
});

t.test('FRR connects to us, and we show the text it leaves with', { skip }, async (t) => {
  const [address, frrAddress] = [block.take(), block.take()];
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address: frrAddress, asn: 64999, passive: true },
    families,
  });
  listener.add(peer.session);
  peer.session.start();
  const frr = await Frr.start({
    asn: 64999,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [{ address, asn: us.asn, port, settings: ['disable-connected-check'] }],
  });
  t.teardown(() => frr.stop());
  t.match(await peer.up(20_000), { internal: false, peerAsn: 64999 });
  await frr.configure('router bgp 64999', `neighbor ${address} shutdown message upgrade at noon`);
  await peer.until('the end', () => peer.downs.length > 0);
  t.match(peer.downs, [{ direction: 'received', code: 6, subcode: 2, text: /: upgrade at noon$/ }]);
  await frr.configure('router bgp 64999', `no neighbor ${address} shutdown`);
  await peer.up(20_000);
  t.equal(peer.established.length, 2, 'and it comes back');
  await peer.session.stop();
});

t.test('both connect at once: one connection is left, and both sides agree which', { skip }, async (t) => {
  for (const routerId of ['9.0.0.2', '11.0.0.2']) {
    const [address, frrAddress] = [block.take(), block.take()];
    const listener = new Listener();
    const { port } = await listener.listen({ address, port: 0 });
    const peer = new RecordedSession({
      local: { ...us, address },
      peer: { address: frrAddress, port: 1790, asn: us.asn },
      families,
      connectRetry: 1,
    });
    listener.add(peer.session);
    const frr = await Frr.start({
      asn: us.asn,
      routerId,
      address: frrAddress,
      neighbors: [{ address, asn: us.asn, port }],
    });
    peer.session.start();
    await peer.up(20_000);
    await peer.until('FRR agrees', async () => (await neighbor(frr, address)).bgpState === 'Established');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    t.equal(peer.session.state, 'Established', `with FRR as ${routerId} the session holds`);
    t.equal((await neighbor(frr, address)).bgpState, 'Established');
    await peer.session.stop();
    await frr.stop();
    await listener.close();
  }
});

t.test('a silent FRR is given up after the hold time', { skip }, async (t) => {
  const [address, frrAddress] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [{ address, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address: frrAddress, port: frr.port, asn: us.asn },
    families,
    holdTime: 3,
  });
  peer.session.start();
  await peer.up();
  await new Promise((resolve) => setTimeout(resolve, 4500));
  t.equal(peer.downs.length, 0, 'KEEPALIVEs of both sides keep the session up beyond the hold time');
  process.kill(frr.process.pid!, 'SIGSTOP');
  await peer.until('the end', () => peer.downs.length > 0);
  process.kill(frr.process.pid!, 'SIGCONT');
  t.match(peer.downs, [{ direction: 'sent', code: 4, text: /Hold Timer Expired/ }]);
  await peer.up(15_000);
  // Awake again, FRR either reads ours or first sees that its own hold time is over.
  t.match(
    frr.process.output,
    new RegExp(`NOTIFICATION: (received from|sent to) neighbor ${address} 4/0 \\(Hold Timer Expired`),
  );
  await peer.session.stop();
});

t.test('a speaker whose time stands still is told by FRR that its hold time is over', { skip }, async (t) => {
  const [address, frrAddress] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [{ address, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  const peer = new RecordedSession(
    {
      local: { ...us, address },
      peer: { address: frrAddress, port: frr.port, asn: us.asn },
      families,
      holdTime: 3,
    },
    new ManualClock(),
  );
  peer.session.start();
  await peer.up();
  await peer.until('the end', () => peer.downs.length > 0);
  t.match(peer.downs, [{ direction: 'received', code: 4, text: /Hold Timer Expired/ }]);
  await peer.session.stop();
});

t.test('a wrong AS number is refused with Bad Peer AS, by us and by FRR', { skip }, async (t) => {
  const [address, frrAddress] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [{ address, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  const peer = { address: frrAddress, port: frr.port };
  const mistaken = new RecordedSession({
    local: { ...us, address },
    peer: { ...peer, asn: 64513 },
    families,
  });
  mistaken.session.start();
  await mistaken.until('our refusal', () => mistaken.failures.length > 0);
  t.match(mistaken.failures[0], {
    direction: 'sent',
    code: 2,
    subcode: 2,
    text: /Bad Peer AS.*AS 64512, AS 64513/,
  });
  const told = `NOTIFICATION: received from neighbor ${address} 2/2 (OPEN Message Error/Bad Peer AS)`;
  await mistaken.until('FRR has read it', () => frr.process.output.includes(told));
  t.pass('FRR has read the reason');
  await mistaken.session.stop();

  const stranger = new RecordedSession({
    local: { ...us, asn: 64514, address },
    peer: { ...peer, asn: us.asn },
    families,
  });
  stranger.session.start();
  await stranger.until('its refusal', () => stranger.failures.some((end) => end.code !== undefined));
  t.match(
    stranger.failures.find((end) => end.code !== undefined),
    { direction: 'received', code: 2, subcode: 2, text: /Bad Peer AS/ },
  );
  t.equal(stranger.established.length, 0);
  await stranger.session.stop();
});
