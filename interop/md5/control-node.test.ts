// A control node whose FRR insists on a password: it comes up with it, from its configuration.
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { runningControlNode } from '../running-control-node.ts';
import { unavailable } from './unavailable.ts';

t.setTimeout(60_000);
const found = findFrr();
const skip = ('missing' in found ? found.missing : undefined) ?? unavailable() ?? false;

t.test('a peer of the control node has a password and TTL security', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [ours, theirs] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: 64512,
    routerId: '10.0.0.2',
    address: theirs,
    neighbors: [{ address: ours, asn: 64512, settings: ['password of-the-lab', 'ttl-security hops 1'] }],
  });
  t.teardown(() => frr.stop());
  const node = await runningControlNode(t, {
    name: 'signed',
    'router-id': '10.0.0.1',
    address: ours,
    peers: [{ address: theirs, port: frr.port, password: 'of-the-lab', 'ttl-security': 1 }],
  });
  const other = await runningControlNode(t, {
    name: 'wrong',
    'router-id': '10.0.0.3',
    address: block.take(),
    peers: [{ address: theirs, port: frr.port, password: 'of-somebody', 'connect-retry': 1 }],
  });
  await frr.process.answers(async () => (await frr.established(ours)) || undefined, 20_000);
  t.match(node.neighbors(), [{ address: theirs, state: 'Established' }]);
  const silence = /no answer from .* in 1 s \(perhaps the TCP MD5 password is another one\)/;
  await frr.process.answers(
    async () => silence.test(other.neighbors()[0]?.lastError ?? '') || undefined,
    20_000,
  );
});
