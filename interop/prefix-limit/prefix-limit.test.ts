// A FRR that announces too much: warned about, then told so and left, and tried again later.
import { Speaker } from '@vaportrail/bgp';
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { us } from '../bgp-session/recorded-session.ts';

t.setTimeout(60_000);
const found = findFrr();

t.test(
  'FRR is warned about, left with Cease, and taken back when it has learned',
  { skip: 'missing' in found && found.missing },
  async (t) => {
    const block = new LoopbackBlock();
    const [address, own] = [block.take(), block.take()];
    const network = (n: number): string => `network 10.${n}.0.0/16`;
    const frr = await Frr.start({
      asn: us.asn,
      routerId: '10.0.0.2',
      address: own,
      families: { 'ipv4 unicast': [1, 2, 3].map(network) },
      neighbors: [{ address, asn: us.asn, families: { 'ipv4 unicast': [] } }],
    });
    t.teardown(() => frr.stop());
    const speaker = new Speaker({ asn: us.asn, routerId: '10.0.0.1' });
    t.teardown(() => speaker.stop());
    const log: string[] = [];
    speaker.on('manyPrefixes', ({ family, count, limit }) => void log.push(`${family} ${count} of ${limit}`));
    speaker.on('down', ({ end }) => void log.push(end.text));
    const peer = speaker.peer({
      address: own,
      port: frr.port,
      asn: us.asn,
      localAddress: address,
      prefixLimits: { inet: { limit: 3, restartAfter: 2 } },
    });
    await speaker.start();
    const logged = (lines: number) =>
      frr.process.answers(async () => (log.length >= lines ? true : undefined), 15_000);
    await logged(1);
    t.same(log, ['inet 3 of 3']);
    await frr.configure(`router bgp ${us.asn}`, 'address-family ipv4 unicast', network(4));
    await logged(2);
    t.match(
      log[1],
      /^sent Cease.*Maximum Number of Prefixes Reached.*: 4 prefixes of IPv4 unicast, the limit is 3$/,
    );
    t.equal(peer.session.state, 'Idle');
    const told = `NOTIFICATION: received from neighbor ${address} 6/1 (Cease/Maximum Number of Prefixes Reached`;
    await frr.process.answers(async () => (frr.process.output.includes(told) ? true : undefined));
    await frr.configure(`router bgp ${us.asn}`, 'address-family ipv4 unicast', `no ${network(4)}`);
    await frr.process.answers(async () => (peer.routes.size === 3 ? true : undefined), 20_000);
    t.equal(peer.session.state, 'Established');
  },
);
