// A control node and BIRD send each other a family again between markers, by the configuration of a control node.
import { Bird, LoopbackBlock, findBird } from '@vaportrail/lab';
import t from 'tap';
import { runningControlNode } from '../running-control-node.ts';

t.setTimeout(60_000);
const found = findBird();
const skip = 'missing' in found ? found.missing : false;

t.test('a refresh between markers keeps what was sent again', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [ours, theirs] = [block.take(), block.take()];
  const bird = await Bird.start({
    asn: 64512,
    routerId: '10.0.0.4',
    address: theirs,
    neighbors: [
      {
        name: 'vaportrail',
        address: ours,
        asn: 64512,
        channels: ['ipv4 { import all; export all; add paths tx; };'],
      },
    ],
    after: [
      'protocol static fixed { ipv4; route 198.51.100.0/24 unreachable; route 203.0.113.0/24 unreachable; }',
    ],
  });
  t.teardown(() => bird.stop());
  const node = await runningControlNode(t, {
    name: 'refreshed',
    'router-id': '10.0.0.1',
    address: ours,
    peers: [{ address: theirs, port: bird.port, families: ['inet'], 'add-path': { inet: 'receive' } }],
  });
  const paths = (): number => node.neighbors()[0]?.paths ?? 0;
  await bird.process.answers(async () => paths() === 2 || undefined, 20_000);
  const state = await bird.birdc('show protocols all vaportrail');
  t.match(state, /Enhanced refresh/);
  t.match(state, /ADD-PATH/i);
  const received = (): number => node.neighbors()[0]!.received.messages;
  const before = received();
  await bird.birdc('reload out vaportrail');
  await bird.process.answers(async () => received() >= before + 3 || undefined, 10_000);
  t.equal(paths(), 2);
  const sent = (): number => node.neighbors()[0]!.sent.messages;
  const sentBefore = sent();
  await bird.birdc('reload in vaportrail');
  // Its request is answered by two markers with nothing between them: all routes here are its own.
  await bird.process.answers(async () => sent() >= sentBefore + 2 || undefined, 10_000);
  t.match(node.neighbors(), [{ state: 'Established' }], 'and BIRD takes them for what they are');
});
