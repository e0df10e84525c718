import { ManualClock } from '@vaportrail/net';
import t, { type Test } from 'tap';
import { Agent } from '../src/agent.ts';
import { AgentError } from '../src/agent-error.ts';
import { QUIET } from '../src/config-subscription.ts';
import { ConfigPusher, empty, link, node, ROUTER, workload, workloadLinks } from './config-server.ts';
import { until } from './reflector.ts';

const RED = 'default-domain:demo:red:red';
const OWN = `subscribe virtual-router:${ROUTER[1]}`;
const MACHINE = '213d8cec-c37d-44f0-809e-51493c9dff84';

/** An agent of control nodes that push; its time stands still but for what is to be done at once. */
async function scene(
  t: Test,
  servers: number,
  more: object = {},
): Promise<{
  pushers: ConfigPusher[];
  agent: Agent;
  clock: ManualClock;
  soon: (what: string, holds: () => boolean) => Promise<void>;
  has: (...addresses: string[]) => Promise<void>;
}> {
  const pushers = await Promise.all(Array.from({ length: servers }, () => ConfigPusher.start()));
  const clock = new ManualClock(0);
  const agent = Agent.from(
    {
      name: 'compute-1',
      address: '10.1.1.3',
      config: 'xmpp',
      'hold-time': 0,
      'control-nodes': pushers.map(({ port }) => ({ address: '127.0.0.1', port })),
      ...more,
    },
    { clock },
  );
  t.teardown(async () => {
    await agent.stop();
    await Promise.all(pushers.map((pusher) => pusher.stop()));
  });
  await agent.start();
  // The first attempt to connect is not made at once.
  clock.advance(100);
  const soon = (what: string, holds: () => boolean): Promise<void> =>
    until(what, () => {
      clock.advance(0);
      return holds();
    });
  const addresses = (): string[] =>
    [...agent.interfaces]
      .filter(({ name }) => name.startsWith('tap'))
      .flatMap((one) => one.addresses)
      .toSorted();
  return {
    pushers,
    agent,
    clock,
    soon,
    has: (...wanted) => soon(`has ${wanted.join()}`, () => addresses().join() === wanted.join()),
  };
}

t.test(
  'the first thing an agent says is what it wants to be told; End-of-RIB waits for the answer',
  async (t) => {
    const {
      pushers: [pusher],
      agent,
      soon,
      clock,
      has,
    } = await scene(t, 1);
    await soon('it subscribed', () => pusher!.said.some((one) => one.startsWith('join')));
    t.same(pusher!.said.slice(0, 2), ['up', OWN], 'before anything about routes');
    t.match(agent.channel!.view, { url: `xmpp://127.0.0.1:${pusher!.port}`, state: 'waiting' });
    pusher!.push(`<update>${empty}${workload('web-1', '10.1.0.7')}</update>`);
    await has('10.1.0.7');
    await soon('it published', () => pusher!.said.includes('announce inet'));
    t.ok(pusher!.said.includes(`join ${RED}`));
    t.match(agent.channel!.view, { state: 'following' });
    t.notOk(pusher!.said.includes('end-of-rib'), 'more may come');
    clock.advance(QUIET);
    await soon('End-of-RIB', () => pusher!.said.includes('end-of-rib'));
    pusher!.push(
      `<update>${node('instance-ip', 'web-1-ip', '<instance-ip-address>10.1.0.8</instance-ip-address>')}</update>`,
    );
    await has('10.1.0.8');
    pusher!.push(`<delete>${workloadLinks('web-1')}</delete>`);
    await has();
    await soon('it withdrew', () => pusher!.said.includes('withdraw inet'));
  },
);

t.test(
  'one control node is asked; when it goes the other one is, and what is told stays until it is quiet',
  async (t) => {
    const {
      pushers: [first, second],
      agent,
      soon,
      clock,
      has,
    } = await scene(t, 2);
    const pair = [first!, second!];
    await soon(
      'one is asked',
      () => pair.every(({ said }) => said.includes('up')) && pair.some(({ said }) => said.includes(OWN)),
    );
    const [server, other] = first!.said.includes(OWN) ? [first!, second!] : [second!, first!];
    server.push(`<update>${empty}${workload('web-1', '10.1.0.7')}${workload('web-2', '10.1.0.8')}</update>`);
    await has('10.1.0.7', '10.1.0.8');
    t.notOk(other.said.includes(OWN), 'one at a time');
    other.push(`<delete>${workloadLinks('web-1')}</delete>`);
    await soon('it was read', () => agent.peers.some(({ counters }) => counters.ignored > 0));
    await has('10.1.0.7', '10.1.0.8');
    await server.stop();
    await soon('the other is asked', () => other.said.includes(OWN));
    await has('10.1.0.7', '10.1.0.8');
    clock.advance(2 * QUIET);
    await has('10.1.0.7', '10.1.0.8');
    t.pass('a control node that tells nothing takes nothing away');
    other.push(`<update>${empty}${workload('web-1', '10.1.0.7')}</update>`);
    await soon('it follows', () => agent.channel!.view.state === 'following');
    await has('10.1.0.7', '10.1.0.8');
    t.notOk(other.said.includes('withdraw inet'), 'no route was lost in between');
    clock.advance(QUIET);
    await has('10.1.0.7');
    t.pass('what was not told again is gone');
  },
);

t.test('a node that is told to be nobody’s has nothing', async (t) => {
  const {
    pushers: [pusher],
    agent,
    soon,
    clock,
    has,
  } = await scene(t, 1);
  await soon('it asked', () => pusher!.said.includes(OWN));
  pusher!.push(`<delete>${node(...ROUTER)}</delete>`);
  await soon('it heard', () => agent.channel!.view.state === 'following');
  clock.advance(QUIET);
  await soon('End-of-RIB', () => pusher!.said.includes('end-of-rib'));
  await has();
});

t.test('workloads that are plugged in are asked for, and given up', async (t) => {
  const {
    pushers: [pusher],
    agent,
    soon,
  } = await scene(t, 1, { 'virtual-machines': [MACHINE] });
  await soon('it asked', () => pusher!.said.includes(`subscribe virtual-machine:${MACHINE}`));
  t.same(pusher!.said.slice(1, 3), [OWN, `subscribe virtual-machine:${MACHINE}`]);
  t.notOk(agent.plug(MACHINE), 'it is there');
  const another = MACHINE.replace('2', '3');
  t.ok(agent.plug(another));
  t.ok(agent.unplug(MACHINE));
  await soon('it gave it up', () => pusher!.said.includes(`unsubscribe virtual-machine:${MACHINE}`));
  t.ok(pusher!.said.includes(`subscribe virtual-machine:${another}`));
  const alone = Agent.from({
    name: 'a',
    address: '10.0.0.1',
    'control-nodes': [{ address: '127.0.0.1', port: 1 }],
  });
  t.throws(() => alone.plug(MACHINE), AgentError);
});

t.test('pushes that are wrong cost neither the session nor what is right in them', async (t) => {
  const {
    pushers: [pusher],
    agent,
    soon,
    has,
  } = await scene(t, 1);
  await soon('it asked', () => pusher!.said.includes(OWN));
  const deep = '<x>'.repeat(20) + '</x>'.repeat(20);
  pusher!.push(
    `<update>${[
      '<node/>',
      '<link/>',
      '<nonsense><node/></nonsense>',
      node('', ''),
      node('no-such-type', 'a:b', deep),
      node(
        'virtual-machine',
        'unknown',
        `<annotations>${deep}</annotations><display-name>${deep}</display-name>`,
      ),
      node('instance-ip', 'bad-ip', '<instance-ip-address>10.1.0.999</instance-ip-address>'),
      node(
        'virtual-router',
        ROUTER[1],
        '<id-perms><uuid><uuid-mslong>-1</uuid-mslong><uuid-lslong>x</uuid-lslong></uuid></id-perms>',
      ),
      link(
        'instance-ip-virtual-machine-interface',
        ['instance-ip', 'nobody'],
        ['virtual-machine-interface', 'no:such:one'],
      ),
      link('no-such-link', ['virtual-router', ROUTER[1]], ['virtual-router', ROUTER[1]]),
      link('virtual-router-virtual-machine', ['virtual-router', ROUTER[1]], ['virtual-machine', 'later']),
    ].join(
      '',
    )}</update><delete>${node('virtual-network', 'never:heard:of')}${link('x', ['a', 'b'], ['c', 'd'])}</delete>`,
  );
  await soon('it was told', () => agent.channel!.view.lastError !== undefined);
  t.match(agent.channel!.view.lastError, /instance-ip bad-ip: instance-ip-address: Invalid/);
  pusher!.push('');
  pusher!.push('<update/>');
  pusher!.push(`<update>${empty}${workload('later', '10.1.0.9')}</update>`);
  await has('10.1.0.9');
  t.equal(agent.peers[0]!.state, 'established');
  t.equal(agent.peers[0]!.flaps, 0);
  // An interface of a network that has no name an agent could use.
  pusher!.push(
    `<update>${node('virtual-network', 'x')}${node('routing-instance', 'y', '<routing-instance-is-default>true</routing-instance-is-default>')}${link('virtual-network-routing-instance', ['virtual-network', 'x'], ['routing-instance', 'y'])}${workload('odd', '10.1.0.10')}</update><delete>${link('virtual-machine-interface-virtual-network', ['virtual-machine-interface', 'default-domain:demo:odd'], ['virtual-network', 'default-domain:demo:red'])}</delete>`,
  );
  pusher!.push(
    `<update>${link('virtual-machine-interface-virtual-network', ['virtual-machine-interface', 'default-domain:demo:odd'], ['virtual-network', 'x'])}</update>`,
  );
  await soon('it was told', () => agent.channel!.view.lastError !== undefined);
  await has('10.1.0.9');
  t.match(agent.channel!.view.lastError, /must have the form domain:project:network:instance/);
});

t.test('what agents of this file are told by whom is checked', async (t) => {
  const settings = { name: 'a', address: '10.0.0.1', 'control-nodes': [{ address: '127.0.0.1', port: 1 }] };
  t.throws(() => Agent.from({ ...settings, config: 'carrier pigeon' }), /config/);
  t.throws(() => Agent.from({ ...settings, 'virtual-machines': [MACHINE] }), /needs config: xmpp/);
  t.throws(
    () => Agent.from({ ...settings, config: 'xmpp', 'virtual-machines': ['web-1'] }),
    /must be a UUID/,
  );
  const agent = Agent.from({ ...settings, config: 'xmpp' });
  t.same(agent.channel!.view, { url: 'xmpp:', state: 'waiting' });
});
