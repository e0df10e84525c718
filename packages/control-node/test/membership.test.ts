import { parseAddress, parsePrefix } from '@vaportrail/net';
import { type Subscription, type UnicastItem, itemAttributes, nextHop } from '@vaportrail/xmpp';
import t from 'tap';

import { MAX_DEFERRED_ROUTES, Memberships, TooMuchDeferred } from '../src/membership.ts';

const RED = 'default-domain:demo:red:red';
const subscription: Subscription = { instance: RED, instanceId: 4, ribOut: true };

function route(prefix: string): UnicastItem {
  return {
    family: 'inet',
    prefix: parsePrefix(prefix),
    attributes: itemAttributes({
      nextHops: [nextHop({ address: parseAddress('10.1.1.3'), label: 25, encapsulations: [] })],
      localPref: 100,
    }),
  };
}

function types(actions: readonly { type: string }[]): string[] {
  return actions.map(({ type }) => type);
}

t.test('routes of an instance that is there pass', async (t) => {
  const agent = new Memberships(() => true);
  t.same(types(agent.subscribe(subscription)), ['join']);
  t.match(agent.announce(RED, route('10.2.0.3/32')), [
    { type: 'announce', membership: { subscription: { instanceId: 4 } } },
  ]);
  t.same(types(agent.withdraw(RED, route('10.2.0.3/32'))), ['withdraw']);
  t.same(types(agent.unsubscribe(RED)), ['leave']);
  t.same(agent.unsubscribe(RED), []);
});

t.test('routes for an instance that is not there wait for it, in their latest state', async (t) => {
  const agent = new Memberships(() => false);
  t.same(agent.subscribe(subscription), []);
  t.equal(agent.get(RED)?.state, 'pending');
  for (const prefix of ['10.2.0.3/32', '10.2.0.4/32', '10.2.0.3/32'])
    t.same(agent.announce(RED, route(prefix)), []);
  t.same(agent.withdraw(RED, route('10.2.0.4/32')), []);
  t.equal(agent.deferredRoutes(RED), 1);
  t.match(agent.instanceAdded(RED), [
    { type: 'join' },
    { type: 'announce', item: { prefix: parsePrefix('10.2.0.3/32') } },
  ]);
  t.same(agent.instanceAdded(RED), []);
  t.equal(agent.deferredRoutes(RED), 0);
  agent.instanceRemoved(RED, []);
  t.equal(agent.get(RED)?.state, 'pending');
  t.same(types(agent.instanceAdded(RED)), ['join']);
});

t.test(
  'routes of an instance that goes and comes back are restored, before what was said meanwhile',
  async (t) => {
    const agent = new Memberships(() => true);
    agent.subscribe(subscription);
    const routes = [
      {
        family: 'inet',
        nlri: { prefix: parsePrefix('10.2.0.3/32') },
        announcement: { attributes: new Uint8Array(), nextHop: parseAddress('10.1.1.3') },
      },
    ] as const;
    agent.instanceRemoved(RED, routes);
    agent.instanceRemoved(RED, []);
    t.same(agent.announce(RED, route('10.2.0.4/32')), []);
    t.same(agent.withdraw(RED, route('10.2.0.3/32')), [], 'a withdrawal waits as well');
    t.match(agent.instanceAdded(RED), [
      { type: 'join' },
      { type: 'restore', routes },
      { type: 'announce', item: { prefix: parsePrefix('10.2.0.4/32') } },
      { type: 'withdraw', item: { prefix: parsePrefix('10.2.0.3/32') } },
    ]);
    agent.instanceRemoved(RED, []);
    t.same(types(agent.instanceAdded(RED)), ['join'], 'and only once');
    agent.instanceRemoved(RED, routes);
    agent.unsubscribe(RED);
    agent.subscribe(subscription);
    agent.instanceRemoved(RED, []);
    t.same(types(agent.instanceAdded(RED)), ['join'], 'not after the agent has left');
  },
);

t.test('who leaves a pending instance takes its waiting routes along', async (t) => {
  const agent = new Memberships(() => false);
  agent.subscribe(subscription);
  agent.announce(RED, route('10.2.0.3/32'));
  t.same(agent.unsubscribe(RED), []);
  t.same(agent.instanceAdded(RED), []);
  agent.subscribe(subscription);
  t.equal(agent.deferredRoutes(RED), 0);
});

t.test('an agent cannot fill the memory with routes for instances that never come', async (t) => {
  const agent = new Memberships(() => false);
  agent.subscribe(subscription);
  for (let i = 0; i < MAX_DEFERRED_ROUTES; i++) agent.announce(RED, route(`10.1.${i >> 8}.${i & 255}/32`));
  t.throws(() => agent.announce(RED, route('10.2.0.0/32')), TooMuchDeferred);
  t.same(agent.announce(RED, route('10.1.0.0/32')), [], 'but it may replace one');
});
