// BGP roles (RFC 9234) with FRR and BIRD: matching roles are agreed on, others are refused on both sides.
import { Bird, Frr, LoopbackBlock, findBird, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const frrFound = findFrr();
const birdFound = findBird();

t.test(
  'we are the customer of FRR, and not its provider',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn: 65100,
      routerId: '10.0.0.2',
      address: own,
      neighbors: [
        { address, asn: us.asn, settings: ['local-role provider'], families: { 'ipv4 unicast': [] } },
      ],
    });
    t.teardown(() => frr.stop());
    const settings = {
      local: { ...us, address },
      peer: { address: own, port: frr.port, asn: 65100 },
      families: ['inet'],
    } as const;
    const wrong = new RecordedSession({ ...settings, role: 'provider' });
    wrong.session.start();
    await wrong.until('a refusal', () => wrong.failures.some(({ code }) => code === 2));
    t.match(
      wrong.failures.find(({ code }) => code === 2),
      { subcode: 11, text: /Role Mismatch/ },
    );
    await wrong.session.stop();
    const customer = new RecordedSession({ ...settings, role: 'customer', strictRole: true });
    customer.session.start();
    t.equal((await customer.up(20_000)).peerRole, 'provider');
    const view = (await frr.json(`show bgp neighbors ${address}`)) as Record<
      string,
      { localRole?: string; remoteRole?: string }
    >;
    t.match(view[address], { localRole: 'provider', remoteRole: 'customer' });
    await customer.session.stop();
  },
);

t.test(
  'we are a peer of BIRD, and insist on it',
  { skip: 'missing' in birdFound && birdFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const start = (role: string[]) =>
      Bird.start({
        asn: 65100,
        routerId: '10.0.0.4',
        address: own,
        neighbors: [
          {
            name: 'vaportrail',
            address,
            asn: us.asn,
            settings: role,
            channels: ['ipv4 { import all; export all; };'],
          },
        ],
      });
    const settings = {
      local: { ...us, address },
      peer: { address: own, port: 1790, asn: 65100 },
      families: ['inet'],
      role: 'peer',
      strictRole: true,
    } as const;
    const without = await start([]);
    const refused = new RecordedSession(settings);
    refused.session.start();
    await refused.until('our refusal', () => refused.failures.some(({ code }) => code === 2));
    t.match(
      refused.failures.find(({ code }) => code === 2),
      { direction: 'sent', subcode: 11 },
    );
    await refused.session.stop();
    await without.stop();
    const bird = await start(['local role peer;']);
    t.teardown(() => bird.stop());
    const peer = new RecordedSession(settings);
    peer.session.start();
    t.equal((await peer.up(20_000)).peerRole, 'peer');
    await peer.session.stop();
  },
);
