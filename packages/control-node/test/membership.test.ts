import { parseAddress, parsePrefix } from '@vaportrail/net';
import type { Item, Publish, Stanza } from '@vaportrail/xmpp';
import t from 'tap';

import { MAX_DEFERRED_ROUTES, Memberships } from '../src/membership.ts';

const RED = 'default-domain:demo:red:red';

function item(prefix: string): Item {
  return {
    family: 'inet',
    prefix: parsePrefix(prefix),
    attributes: {
      nextHops: [
        {
          address: parseAddress('10.1.1.3'),
          label: 25,
          encapsulations: [],
          virtualNetwork: '',
          tags: [],
          mac: undefined,
          localSequence: 0,
          vni: 0,
          l3Label: 0,
        },
      ],
      version: 1,
      virtualNetwork: '',
      mobility: { sequence: 0, sticky: false },
      securityGroups: [],
      communityTags: [],
      localPref: 100,
      med: 0,
      loadBalance: { fields: [], decision: 'field-hash' },
      subProtocol: 'interface',
    },
  };
}

const subscribe: Stanza = { type: 'subscribe', node: RED, instanceId: 4, noRibOut: false };
const unsubscribe: Stanza = { type: 'unsubscribe', node: RED };

function publish(prefix: string, change: Partial<Publish> = {}): Publish {
  return {
    type: 'publish',
    node: `1/1/${RED}/${prefix}`,
    family: 'inet',
    nativeId: undefined,
    items: [item(prefix)],
    problems: [],
    ...change,
  };
}

function collection(prefix: string, action: 'associate' | 'dissociate' | 'none' = 'associate'): Stanza {
  return { type: 'collection', node: RED, action, target: `1/1/${RED}/${prefix}` };
}

function types(actions: readonly { type: string }[]): string[] {
  return actions.map(({ type }) => type);
}

t.test('a publish means nothing until its collection arrives', async (t) => {
  const agent = new Memberships(() => true);
  t.same(types(agent.step(subscribe)), ['join']);
  t.same(agent.step(publish('10.2.0.3/32')), []);
  t.match(agent.step(collection('10.2.0.3/32')), [{ type: 'announce', membership: { instanceId: 4 } }]);
  agent.step(publish('10.2.0.3/32'));
  t.same(types(agent.step(collection('10.2.0.3/32', 'dissociate'))), ['withdraw']);
});

t.test('a collection that does not name the publish before it is dropped, and both are gone', async (t) => {
  const agent = new Memberships(() => true);
  agent.step(subscribe);
  t.same(types(agent.step(collection('10.2.0.3/32'))), ['drop']);
  agent.step(publish('10.2.0.3/32'));
  t.same(types(agent.step(collection('10.2.0.4/32'))), ['drop']);
  t.same(types(agent.step(collection('10.2.0.3/32'))), ['drop']);
  agent.step(publish('10.2.0.3/32'));
  agent.step(publish('10.2.0.4/32'));
  t.match(agent.step(collection('10.2.0.4/32')), [
    { type: 'announce', item: { prefix: parsePrefix('10.2.0.4/32') } },
  ]);
  agent.step(publish('10.2.0.3/32'));
  t.same(types(agent.step(collection('10.2.0.3/32', 'none'))), ['drop']);
});

t.test('slips of the protocol close the session', async (t) => {
  const agent = new Memberships(() => true);
  t.match(agent.step(unsubscribe), [{ type: 'close', because: /not subscribed/ }]);
  agent.step(subscribe);
  t.match(agent.step(subscribe), [{ type: 'close', because: /duplicate subscribe/ }]);
  const stranger = new Memberships(() => true);
  stranger.step(publish('10.2.0.3/32'));
  t.match(stranger.step(collection('10.2.0.3/32')), [{ type: 'close', because: /not subscribed/ }]);
});

t.test('an item that could not be read is dropped, and its neighbours are not', async (t) => {
  const agent = new Memberships(() => true);
  agent.step(subscribe);
  const problems = [{ item: '10.2.0.9/33', because: 'not a prefix' }];
  t.match(agent.step(publish('10.2.0.3/32', { problems })), [{ type: 'drop', item: '10.2.0.9/33' }]);
  t.same(types(agent.step(collection('10.2.0.3/32'))), ['announce']);
  agent.step(publish('10.2.0.3/32', { problems, items: [] }));
  t.same(agent.step(collection('10.2.0.3/32')), [], 'which is no End-of-RIB either');
});

t.test('routes for an instance that is not there wait for it', async (t) => {
  let exists = false;
  const agent = new Memberships(() => exists);
  t.same(agent.step(subscribe), []);
  t.equal(agent.get(RED)?.state, 'pending');
  for (const prefix of ['10.2.0.3/32', '10.2.0.4/32', '10.2.0.3/32']) {
    agent.step(publish(prefix));
    t.same(agent.step(collection(prefix)), []);
  }
  agent.step(publish('10.2.0.4/32'));
  agent.step(collection('10.2.0.4/32', 'dissociate'));
  t.equal(agent.deferredRoutes(RED), 1);
  exists = true;
  t.same(types(agent.instanceAdded(RED)), ['join', 'announce']);
  t.same(agent.instanceAdded(RED), []);
  t.equal(agent.deferredRoutes(RED), 0);
  agent.instanceRemoved(RED);
  t.equal(agent.get(RED)?.state, 'pending');
  t.same(types(agent.instanceAdded(RED)), ['join']);
});

t.test('who leaves a pending instance takes its waiting routes along', async (t) => {
  const agent = new Memberships(() => false);
  agent.step(subscribe);
  agent.step(publish('10.2.0.3/32'));
  agent.step(collection('10.2.0.3/32'));
  t.same(agent.step(unsubscribe), []);
  t.same(agent.instanceAdded(RED), []);
  agent.step(subscribe);
  t.equal(agent.deferredRoutes(RED), 0);
});

t.test('an agent cannot fill the memory with routes for instances that never come', async (t) => {
  const agent = new Memberships(() => false);
  agent.step(subscribe);
  const node = `1/1/${RED}`;
  const step = (count: number, base: number) => {
    const items = Array.from({ length: count }, (_, i) => item(`10.${base}.${i >> 8}.${i & 255}/32`));
    agent.step({ ...publish('10.0.0.0/32', { items }), node });
    return agent.step({ type: 'collection', node: RED, action: 'associate', target: node });
  };
  t.same(step(MAX_DEFERRED_ROUTES, 1), []);
  t.match(step(1, 2), [{ type: 'close', because: /routes for instances that do not exist/ }]);
});

t.test('both forms of End-of-RIB count', async (t) => {
  const agent = new Memberships(() => true);
  t.same(agent.step({ type: 'end-of-rib' }), [{ type: 'end-of-rib' }]);
  agent.step({ type: 'publish', node: '', family: undefined, nativeId: undefined, items: [], problems: [] });
  t.same(agent.step({ type: 'collection', node: '', action: 'none', target: '' }), [{ type: 'end-of-rib' }]);
});
