// Recordings of control nodes with real sockets, and what a fresh node makes of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session, endOfRib } from '@vaportrail/bgp';
import { parseIpv4, systemClock } from '@vaportrail/net';
import { Recorder, Run } from '@vaportrail/show/recording';
import t from 'tap';

import { type ControlNodeConfigInput, controlNodeConfig } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { ControlNodeReplay } from '../src/replay.ts';
import { everything, linesOf } from './config-objects.ts';
import {
  BLUE,
  FIP,
  RED,
  type Test,
  agent,
  controlNode,
  eventually,
  gatewayUpdate,
  route,
} from './running.ts';

/** Everything in the tables but when it came, which the two clocks may round to different seconds. */
function tables(node: ControlNode): unknown {
  return node
    .routes({})
    .map(({ paths, ...rest }) => ({
      ...rest,
      paths: paths.map(({ receivedAt: _receivedAt, ...path }) => path),
    }))
    .sort((a, b) => (`${a.table} ${a.prefix}` < `${b.table} ${b.prefix}` ? -1 : 1));
}

async function replayed(path: string, until = Number.POSITIVE_INFINITY): Promise<ControlNodeReplay> {
  let replay: ControlNodeReplay | undefined;
  for await (const record of (await Run.find(path)).records()) {
    if (record.type === 'start') {
      replay = new ControlNodeReplay(record);
      await replay.start();
    }
    if (record.type === 'stop' || record.at > until) break;
    await replay!.apply(record);
  }
  return replay!;
}

async function recorded(t: Test & { testdir(): string }, change: Partial<ControlNodeConfigInput> = {}) {
  const path = join(t.testdir(), 'run.ndjson');
  const recorder = new Recorder(path, { clock: systemClock });
  return { path, node: await controlNode(t, change, { recorder }) };
}

/** Lets what was recorded in this turn reach the file. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

t.test('agents that publish, withdraw, leave and slip leave the same tables in a replay', async (t) => {
  const { path, node } = await recorded(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  const rude = await agent(t, node, 'compute-3', '127.0.0.3');
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  two.subscribe(BLUE, 8);
  rude.subscribe(RED, 9);
  one.publish(route);
  one.publish({ ...route, prefix: '172.16.0.4/32' });
  two.publish({ ...route, nextHop: '10.1.1.4', label: 31 });
  two.publish({ ...route, instance: BLUE, nextHop: '10.1.1.4', prefix: '172.16.0.9/32' });
  rude.publish({ ...route, nextHop: '10.1.1.5', prefix: '172.16.0.7/32' });
  await one.hears(/172\.16\.0\.7\/32/);
  rude.send('<!DOCTYPE boom>');
  await rude.closed;
  one.withdraw({ ...route, prefix: '172.16.0.4/32' });
  two.publish({ ...route, nextHop: '10.1.1.4', label: 32, localPref: 100 });
  await eventually(() => (JSON.stringify(tables(node)).includes('"label":32') ? true : undefined));
  await eventually(() => (node.neighbors().length === 2 ? true : undefined));
  await turn();
  const live = tables(node);
  const again = await replayed(path);
  t.same(tables(again.node), live);
  t.same(again.problems, []);
  t.equal(
    JSON.stringify(again.tables()),
    JSON.stringify((await replayed(path)).tables()),
    'the same file gives the same, with the times',
  );
  await node.stop();
  t.same(tables((await replayed(path)).node), live, 'the stop is in the recording and takes nothing away');
});

t.test('sessions, restarts, sweeps and reloads are replayed by the time of the recording', async (t) => {
  const restart = {
    enabled: true,
    'restart-time': 60,
    'long-lived-restart-time': 0,
    'end-of-rib-timeout': 60,
  };
  const bgp = {
    listen: [{ address: '127.0.0.1', port: 0 }],
    peers: [
      {
        name: 'gateway',
        address: '127.0.0.9',
        passive: true,
        password: undefined,
        families: ['inet-vpn' as const],
      },
    ],
  };
  const { path, node } = await recorded(t, { 'graceful-restart': restart, bgp });
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  let established = 0;
  const session = new Session(
    {
      local: { asn: 64512, routerId: parseIpv4('10.1.1.9'), address: '127.0.0.9' },
      peer: { ...node.bgpAddresses[0]!, asn: 64512 },
      families: ['inet-vpn'],
      gracefulRestart: { restartTime: 30, families: [{ family: 'inet-vpn', forwarding: true }] },
    },
    {
      established: () => {
        session.write([gatewayUpdate(established++ === 0 ? '0f0f0f' : '100f0f')]);
      },
      update() {},
      routeRefresh() {},
      down() {},
    },
  );
  t.teardown(() => session.stop());
  session.start();
  await one.hears(/<item id="15\.15\.15\.0\/24">/);
  const beforeTheLoss = Date.now();
  // What comes within the same millisecond is replayed as well.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await session.abandon();
  await one.end();
  await eventually(() => (JSON.stringify(tables(node)).match(/Stale/g)?.length === 2 ? true : undefined));
  await turn();
  t.same(tables((await replayed(path)).node), tables(node), 'stale paths are stale in the replay');

  session.start();
  const returned = await agent(t, node, 'compute-1');
  returned.subscribe(RED, 4);
  await returned.hears(/<item id="16\.15\.15\.0\/24">/);
  session.write([endOfRib('inet-vpn')]);
  await returned.hears(/<retract id="15\.15\.15\.0\/24" \/>/);
  await node.reload(
    controlNodeConfig.parse({
      name: 'ctrl-1',
      'router-id': '10.1.1.1',
      'graceful-restart': restart,
      bgp,
      xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.1 },
      'routing-instances': [{ name: RED, 'vn-index': 6, 'route-targets': ['64512:9999'] }],
    }),
  );
  await turn();
  await eventually(() => (JSON.stringify(tables(node)).includes('64512:9999') ? true : undefined));
  const replay = await replayed(path);
  t.same(tables(replay.node), tables(node), 'and after the sweep and the reload');
  t.match(JSON.stringify(tables(replay.node)), `"prefix":"${FIP}"`);
  t.same(replay.problems, []);

  const early = tables((await replayed(path, beforeTheLoss)).node);
  t.match(JSON.stringify(early), /"prefix":"192\.168\.0\.204:500:15\.15\.15\.0\/24"/);
  t.notMatch(JSON.stringify(early), /Stale/, 'a replay can end before');
  // The agent never says its End-of-RIB: the timer of a minute is the clock's.
  replay.advanceTo(Date.now() + 120_000);
  t.notMatch(JSON.stringify(tables(replay.node)), /Stale/, 'timers run by the clock of the replay');
});

t.test('a recording holds no password', async (t) => {
  const { path, node } = await recorded(t, {
    bgp: {
      listen: [],
      peers: [{ address: '127.0.0.99', port: 1, 'admin-down': true, asn: 65001 }],
    },
  });
  await node.stop();
  const config = controlNodeConfig.parse({
    name: 'ctrl-1',
    'router-id': '10.1.1.1',
    bgp: { peers: [{ address: '10.0.0.9', password: 'very secret' }] },
  });
  const { recordedConfig } = await import('../src/recorded-inputs.ts');
  t.notMatch(JSON.stringify(recordedConfig(config)), /secret/);
  t.match((await replayed(path)).node.neighbors(), [{ address: '127.0.0.99', asn: 65001 }]);
});

t.test('what agents were told of the configuration is told again in a replay', async (t) => {
  // Nobody answers there: the test says what a config node would.
  const { path, node } = await recorded(t, { config: { url: 'http://127.0.0.1:1', token: 'secret' } });
  const one = await agent(t, node, 'compute-1');
  one.send(
    '<iq type="set" from="compute-1" to="network-control@contrailsystems.com/config"><pubsub xmlns="http://jabber.org/protocol/pubsub"><subscribe node="virtual-router:default-global-system-config:compute-1" /></pubsub></iq>',
  );
  for (const [index, line] of linesOf(everything).entries()) node.tellObject(line, index === 0);
  await one.hears(/<floating-ip-address>172.16.0.3<\/floating-ip-address>/);
  const told = (of: ControlNode): unknown =>
    of.neighbors().map(({ name, configuration, errors }) => ({ name, configuration, errors }));
  await eventually(() => (node.neighbors()[0]?.configuration?.nodes === 14 ? true : undefined));
  const seen = told(node);
  await turn();
  t.notMatch(readFileSync(path, 'utf8'), /secret/, 'a recording holds no token');
  const replay = await replayed(path);
  t.same(replay.problems, []);
  t.same(told(replay.node), seen);
});
