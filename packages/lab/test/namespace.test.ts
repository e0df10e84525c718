import t from 'tap';
import { LoopbackBlock, Namespace, run, thisNetwork } from '../src/namespace.ts';

t.test('two processes never take the same loopback address', async (t) => {
  const [one, other] = [new LoopbackBlock(4711), new LoopbackBlock(4712)];
  const taken = [one.take(), one.take(), other.take(), other.take()];
  t.equal(new Set(taken).size, 4);
  for (const address of taken) t.match(address, /^127\.\d+\.\d+\.\d+$/);
  for (let n = 2; n < 254; n++) one.take();
  t.throws(() => one.take(), RangeError);
});

t.test('a command that fails says what it said', async (t) => {
  t.equal(await run(thisNetwork, ['echo', 'hello']), 'hello\n');
  await t.rejects(run(thisNetwork, ['sh', '-c', 'echo no such thing >&2; exit 3']), /no such thing/);
});

const unavailable = await Namespace.unavailable();
t.test('namespaces carry the real addresses over a cable', { skip: unavailable ?? false }, async (t) => {
  const fabric = await Namespace.create('fabric');
  t.teardown(() => fabric.remove());
  const camaro = await Namespace.create('camaro');
  t.teardown(() => camaro.remove());
  await fabric.connect(camaro, 'camaro', 'fabric');
  await fabric.addAddress('10.169.25.19');
  await camaro.addAddress('192.168.0.204');
  await fabric.addRoute('192.168.0.204/32', 'camaro', '10.169.25.19');
  await camaro.addRoute('10.169.25.0/24', 'fabric', '192.168.0.204');
  const reach = () => run(camaro, ['bash', '-c', 'exec 3<>/dev/tcp/10.169.25.19/179']);
  await t.rejects(reach(), /refused/i, 'the address answers although nothing listens');
  await fabric.setLink('camaro', 'down');
  await t.rejects(reach(), /unreachable|no route|timed out/i);
});
