import type { ConfigObject } from '@vaportrail/schema';
import { type ConfigObject as Pushed, StrictParser, readConfigObjects } from '@vaportrail/xmpp';
import t from 'tap';

import { ConfigServer, MAX_MACHINES } from '../src/config-server.ts';
import { type ConfiguredPeer, MAX_OBJECT_CHARACTERS } from '../src/config-subscriber.ts';
import {
  everything,
  floatingIp,
  instanceIp,
  linesOf,
  machine,
  object,
  pods,
  router,
  uuidOf,
  vmi,
} from './config-objects.ts';

const ROUTER = 'virtual-router:default-global-system-config:compute-1';

class Peer implements ConfiguredPeer {
  readonly name: string;
  readonly drops: string[] = [];
  pushes: Buffer[] = [];
  isCongested = false;
  /** Pushes after which it does not read any more. */
  patience = Infinity;

  constructor(name = 'compute-1') {
    this.name = name;
  }

  push(stanza: Buffer): boolean {
    this.pushes.push(stanza);
    if (this.pushes.length >= this.patience) this.isCongested = true;
    return true;
  }

  dropped(item: string, because: string): void {
    this.drops.push(`${item}: ${because}`);
  }

  /** What it was pushed since the last time: `+` new or changed, `-` gone. */
  heard(): string[] {
    const said = this.pushes.flatMap((push) => {
      const iq = new StrictParser().parse(push);
      const [config] = iq.getChildElements();
      return config!
        .getChildElements()
        .flatMap((section) =>
          readConfigObjects(section).map((one) => `${section.name === 'update' ? '+' : '-'} ${label(one)}`),
        );
    });
    this.pushes = [];
    return said;
  }
}

function label(one: Pushed): string {
  return one.kind === 'link' ? `link ${one.metadata}` : `${one.type} ${one.name}`;
}

function server(): {
  server: ConfigServer;
  run: () => void;
  say: (...objects: ConfigObject[]) => void;
  begun: () => number;
} {
  const work: (() => void)[] = [];
  let begun = 0;
  const made = new ConfigServer({
    begin: () => begun++,
    schedule: (one) => void work.push(one),
    isAlone: true,
    failed: (error) => {
      throw error;
    },
  });
  const run = (): void => {
    while (work.length > 0) work.shift()!();
  };
  return {
    server: made,
    run,
    begun: () => begun,
    say(...objects) {
      for (const one of objects) made.take({ type: 'object', object: one }, false);
      run();
    },
  };
}

const subscribe = (node: string) => ({ type: 'config-subscribe', node }) as const;
const unsubscribe = (node: string) => ({ type: 'config-unsubscribe', node }) as const;

/** An agent that has been told everything. */
function told(peer = new Peer()): ReturnType<typeof server> & { peer: Peer } {
  const made = server();
  made.server.receive(peer, subscribe(`virtual-router:default-global-system-config:${peer.name}`));
  for (const [index, line] of linesOf(everything).entries()) made.server.take(line, index === 0);
  made.run();
  return { ...made, peer };
}

t.test('an agent is told what its router may see once all of the configuration is known', async (t) => {
  const { server: one, run, begun } = server();
  const peer = new Peer();
  one.receive(peer, subscribe(ROUTER));
  t.equal(begun(), 1, 'the copy begins with the first subscription');
  const lines = linesOf(everything);
  for (const [index, line] of lines.slice(0, -1).entries()) one.take(line, index === 0);
  run();
  t.same(peer.heard(), [], 'half of it would look like withdrawals');
  one.take(lines.at(-1), false);
  run();
  t.match(
    peer.pushes[0]!.toString(),
    /^<iq type="set" from="network-control@contrailsystems.com" to="default-global-system-config:compute-1\/config"><config><update><node type="virtual-router">/,
  );
  const heard = peer.heard();
  const nodes = heard.filter((one) => !one.startsWith('+ link'));
  t.same(heard.slice(0, nodes.length), nodes, 'nodes come before the links between them');
  t.same(nodes.toSorted(), [
    '+ floating-ip default-domain:demo:blue:pool:web',
    '+ floating-ip-pool default-domain:demo:blue:pool',
    '+ global-system-config default-global-system-config',
    '+ instance-ip web-1-ip',
    '+ network-ipam default-domain:demo:ipam',
    '+ routing-instance default-domain:demo:blue:blue',
    '+ routing-instance default-domain:demo:red:red',
    '+ virtual-machine web-1',
    '+ virtual-machine-interface default-domain:demo:web-1',
    '+ virtual-machine-interface-routing-instance attr(default-domain:demo:web-1,default-domain:demo:red:red)',
    '+ virtual-network default-domain:demo:blue',
    '+ virtual-network default-domain:demo:red',
    '+ virtual-network-network-ipam attr(default-domain:demo:red,default-domain:demo:ipam)',
    '+ virtual-router default-global-system-config:compute-1',
  ]);
  t.same(heard.filter((one) => one.startsWith('+ link') && one.includes('floating')).toSorted(), [
    '+ link floating-ip-pool-floating-ip',
    '+ link floating-ip-virtual-machine-interface',
    '+ link virtual-network-floating-ip-pool',
  ]);
});

t.test('only differences are told: nodes before links, links before the nodes that go', async (t) => {
  const { server: one, run, say, peer } = told();
  peer.heard();
  say({ ...instanceIp, properties: { instance_ip_address: '10.1.0.8' } });
  t.same(peer.heard(), ['+ instance-ip web-1-ip']);
  say({ ...instanceIp, properties: { instance_ip_address: '10.1.0.8' } });
  t.same(peer.heard(), [], 'what is the same is not told again');
  const second = object('virtual-machine', 30, 'web-2');
  say(
    second,
    object('virtual-machine-interface', 31, 'default-domain:demo:web-2', {
      references: { 'virtual-network': [pods], 'virtual-machine': [second] },
    }),
  );
  t.same(peer.heard(), [], 'a workload of nobody');
  say(router(20, 'compute-1', machine, second));
  t.match(peer.heard(), [
    '+ virtual-machine web-2',
    '+ virtual-machine-interface default-domain:demo:web-2',
    /^\+ virtual-machine-interface-routing-instance/,
    /^\+ link/,
    /^\+ link/,
    /^\+ link/,
    /^\+ link/,
    /^\+ link/,
  ]);
  say(router(20, 'compute-1', second));
  const gone = peer.heard();
  t.ok(gone.every((one) => one.startsWith('-')));
  const links = gone.filter((one) => one.startsWith('- link'));
  t.same(gone.slice(0, links.length), links);
  t.ok(gone.includes('- floating-ip default-domain:demo:blue:pool:web'));
  t.notOk(gone.includes('- virtual-network default-domain:demo:red'), 'the other workload is in it');
  one.take({ type: 'deleted', object: router(20, 'compute-1', second) }, false);
  run();
  t.ok(peer.heard().includes('- virtual-router default-global-system-config:compute-1'));
  t.same(one.told(peer), { nodes: 0, links: 0 });
});

t.test(
  'a config node that comes back says everything again, and agents hear what is different',
  async (t) => {
    const { server: one, run, peer } = told();
    peer.heard();
    const without = everything.filter((each) => each !== floatingIp);
    for (const [index, line] of linesOf(without).entries()) {
      one.take(line, index === 0);
      run();
    }
    t.same(
      peer.heard().filter((each) => !each.includes('link')),
      [
        '- floating-ip default-domain:demo:blue:pool:web',
        '- floating-ip-pool default-domain:demo:blue:pool',
        '- virtual-network default-domain:demo:blue',
        '- routing-instance default-domain:demo:blue:blue',
      ],
    );
  },
);

t.test('a router that nobody configured is told to be gone, so that its agent need not wait', async (t) => {
  const { peer, say } = told(new Peer('compute-9'));
  t.same(peer.heard(), ['- virtual-router default-global-system-config:compute-9']);
  say(router(29, 'compute-9', machine));
  t.ok(peer.heard().includes('+ virtual-machine web-1'), 'and told when somebody does');
});

t.test('a workload is told to the node where it is plugged in, until it is unplugged', async (t) => {
  const { server: one, run, say, peer } = told(new Peer('compute-2'));
  peer.heard();
  one.receive(peer, subscribe(`virtual-machine:${machine.uuid}`));
  run();
  t.same(peer.heard(), [], 'configuration puts it on another node');
  say(router(20, 'compute-1'));
  t.ok(peer.heard().includes('+ floating-ip default-domain:demo:blue:pool:web'));
  one.receive(peer, unsubscribe(`virtual-machine:${machine.uuid}`));
  run();
  t.ok(peer.heard().includes('- virtual-machine web-1'));
  const late = uuidOf(40);
  one.receive(peer, subscribe(`virtual-machine:${late}`));
  run();
  t.same(peer.heard(), [], 'nobody knows it yet');
  say(object('virtual-machine', 40, late));
  t.same(peer.heard(), [`+ virtual-machine ${late}`, '+ link virtual-router-virtual-machine']);
  say({ ...vmi, references: { ...vmi.references, 'virtual-machine': [{ uuid: late, attr: null }] } });
  t.ok(peer.heard().includes('+ virtual-machine-interface default-domain:demo:web-1'));
});

t.test('a second subscription is only told of; unsubscribing takes everything back', async (t) => {
  const { server: one, run, peer } = told();
  peer.heard();
  one.receive(peer, subscribe(ROUTER));
  one.receive(peer, subscribe(`virtual-machine:${machine.uuid}`));
  one.receive(peer, subscribe(`virtual-machine:${machine.uuid}`));
  run();
  t.same(peer.heard(), []);
  t.match(peer.drops, [/^virtual-router:.*subscribed already/, /^virtual-machine:.*subscribed already/]);
  one.receive(peer, unsubscribe(ROUTER));
  run();
  const gone = peer.heard();
  t.equal(gone.at(-1)?.startsWith('- virtual-'), true);
  t.ok(gone.includes('- virtual-router default-global-system-config:compute-1'));
  t.equal(one.told(peer), undefined);
  one.receive(peer, unsubscribe(ROUTER));
  t.match(peer.drops.at(-1), /is not subscribed/);
  one.receive(peer, subscribe(ROUTER));
  run();
  t.ok(peer.heard().includes('+ floating-ip default-domain:demo:blue:pool:web'), 'and again everything');
});

t.test('an agent whose session ended is forgotten, and told everything when it returns', async (t) => {
  const { server: one, run, say, peer } = told();
  const first = peer.heard();
  one.closed(peer);
  say({ ...instanceIp, properties: { instance_ip_address: '10.1.0.8' } });
  t.same(peer.heard(), []);
  one.receive(peer, subscribe(ROUTER));
  run();
  t.same(peer.heard(), first);
});

t.test('an agent that does not read is told the latest state when it reads again', async (t) => {
  const peer = new Peer();
  peer.patience = 1;
  const { server: one, run, say } = told(peer);
  const many = Array.from({ length: 400 }, (_, n) =>
    object('virtual-machine', 1000 + n, `pod-${n}`, { properties: { display_name: 'x'.repeat(1000) } }),
  );
  t.equal(peer.pushes.length, 1);
  say(...many, router(20, 'compute-1', machine, ...many));
  say(router(20, 'compute-1', machine, ...many.slice(0, 200)));
  t.equal(peer.pushes.length, 1, 'nothing waits for it here but what it was told');
  peer.patience = 3;
  peer.isCongested = false;
  one.drained(peer);
  run();
  t.equal(peer.pushes.length, 3, 'it is told piece by piece');
  say(router(20, 'compute-1', machine, ...many.slice(0, 100)));
  peer.patience = Infinity;
  peer.isCongested = false;
  one.drained(peer);
  run();
  t.ok(peer.pushes.every(({ length }) => length < 80 * 1024));
  const heard = peer.heard();
  const has = new Set<string>();
  for (const each of heard) {
    if (each.startsWith('+ virtual-machine ')) has.add(each.slice(2));
    if (each.startsWith('- virtual-machine ')) has.delete(each.slice(2));
  }
  t.equal(has.size, 101, 'what came and went meanwhile was never told, or taken back');
});

t.test('nobody is told of another, and nonsense costs no session', async (t) => {
  const { server: one, run, peer } = told();
  const hostile = new Peer('mallory');
  one.receive(hostile, subscribe(ROUTER));
  for (const nonsense of [
    '',
    ':',
    'virtual-router',
    'virtual-router:mallory',
    'routing-instance:a:b:c:d',
    'virtual-machine:',
    'virtual-machine:web-1',
    `virtual-machine:${machine.uuid.toUpperCase()}x`,
    '\0'.repeat(1000),
  ])
    one.receive(hostile, subscribe(nonsense));
  one.receive(hostile, { type: 'config', to: 'x/config', updates: [], deletes: [] });
  run();
  t.same(hostile.heard(), []);
  t.equal(hostile.drops.length, 11);
  t.match(hostile.drops[0], /mallory may only ask for its own virtual router/);
  for (let n = 0; n < 10_000; n++) one.receive(hostile, subscribe(`virtual-machine:${uuidOf(n)}`));
  one.receive(hostile, subscribe('virtual-router:default-global-system-config:mallory'));
  run();
  t.same(hostile.heard(), ['- virtual-router default-global-system-config:mallory']);
  t.equal(hostile.drops.length - 11, 10_000 - MAX_MACHINES);
  t.ok(peer.heard().length > 0, 'others have what they asked for');
});

t.test('an object that no agent could take is left out', async (t) => {
  const { say, peer } = told();
  peer.heard();
  const mappings = Array.from({ length: 4000 }, (_, n) => ({ protocol: 'TCP', src_port: n, dst_port: n }));
  say({
    ...floatingIp,
    properties: { ...floatingIp.properties, floating_ip_port_mappings: { port_mappings: mappings } },
  });
  say({ ...instanceIp, properties: { instance_ip_address: '10.1.0.9' } });
  t.same(peer.heard(), ['+ instance-ip web-1-ip']);
  t.match(peer.drops, [/^floating-ip .*: \d+ characters of configuration are more than an agent takes/]);
  t.ok(MAX_OBJECT_CHARACTERS < 1024 * 1024);
});

t.test('a control node without a config node says so', async (t) => {
  const one = new ConfigServer({
    begin: undefined,
    schedule: () => t.fail(),
    isAlone: true,
    failed: () => t.fail(),
  });
  const peer = new Peer();
  one.receive(peer, subscribe(ROUTER));
  t.match(peer.drops, [/this control node has no config node/]);
});
