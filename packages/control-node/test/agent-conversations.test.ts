// What an agent says in what order: which slips end its session, and which only lose an item.
import { MASTER_INSTANCE } from '@vaportrail/xmpp';
import type { TableView } from '@vaportrail/show';
import t from 'tap';

import type { ControlNode } from '../src/control-node.ts';
import { encapsulations, hop, hops, iq, item, nlri, publish, subscribe } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';
import { BLUE, RED, controlNode, eventually } from './running.ts';

const FIRST = '10.9.0.1/32';
const SECOND = '10.9.0.2/32';
const GREEN = 'default-domain:demo:green:green';
const inRed = (prefix: string): string => `1/1/${RED}/${prefix}`;
const announce = (prefix: string): string => publish(RED, inRed(prefix), item(nlri(prefix)));
const withdraw = (prefix: string): string =>
  publish(RED, inRed(prefix), `<item><entry>${nlri(prefix)}</entry></item>`, 'dissociate');
const half = (prefix: string): string =>
  iq(`<publish node="${inRed(prefix)}">${item(nlri(prefix))}</publish>`);
const collection = (body: string, instance = RED): string =>
  iq(`<collection node="${instance}">${body}</collection>`);
const associate = (prefix: string): string => `<associate node="${inRed(prefix)}" />`;
const unsubscribe = (instance: string): string =>
  iq(`<unsubscribe node="${instance}"><options><instance-id>4</instance-id></options></unsubscribe>`);

/** What the agent says once it has joined RED, and the routes that RED has afterwards; or why its session ends. */
type Conversation = readonly [
  what: string,
  text: string,
  outcome: readonly string[] | { readonly closed: RegExp },
];

const conversations: readonly Conversation[] = [
  ['a publish and its collection', announce(FIRST), [FIRST]],
  ['a publish alone means nothing', half(FIRST), []],
  ['a collection alone means nothing', collection(associate(FIRST)), []],
  [
    'the latter of two publishes counts',
    half(FIRST) + half(SECOND) + collection(associate(SECOND)),
    [SECOND],
  ],
  ['the former of two publishes is gone', half(FIRST) + half(SECOND) + collection(associate(FIRST)), []],
  [
    'a collection takes its publish with it',
    half(FIRST) + collection(associate(SECOND)) + collection(associate(FIRST)),
    [],
  ],
  [
    'the nodes are compared octet by octet',
    half(FIRST) + collection(`<associate node="${inRed(FIRST)} " />`),
    [],
  ],
  ['a collection that does neither', half(FIRST) + collection('<perhaps />'), []],
  ['a collection of nothing', half(FIRST) + collection(''), []],
  [
    'dissociate before associate: that counts, too',
    half(FIRST) + collection(`<dissociate node="${inRed(FIRST)}"/>${associate(FIRST)}`),
    [FIRST],
  ],
  [
    'an associate behind something unknown',
    half(FIRST) + collection(`<perhaps node="x"/><inside>${associate(FIRST)}</inside>`),
    [FIRST],
  ],
  [
    'associate of one node and dissociate of the publish: the publish is another',
    half(FIRST) + collection(`<dissociate node="${inRed(FIRST)}"/>${associate(SECOND)}`),
    [],
  ],
  [
    'associate before dissociate: the first counts',
    half(FIRST) + collection(`${associate(FIRST)}<dissociate node="${inRed(FIRST)}"/>`),
    [FIRST],
  ],
  [
    'the VRF is that of the collection',
    iq(`<publish node="1/1/some:where:else:else/${FIRST}">${item(nlri(FIRST))}</publish>`) +
      collection(`<associate node="1/1/some:where:else:else/${FIRST}"/>`),
    [FIRST],
  ],
  [
    'the prefix is that of the item',
    iq(`<publish node="1/1/${RED}/10.9.9.9">${item(nlri(FIRST))}</publish>`) +
      collection(`<associate node="1/1/${RED}/10.9.9.9"/>`),
    [FIRST],
  ],
  [
    'several items share their collection',
    publish(RED, inRed(FIRST), item(nlri(FIRST)) + item(nlri(SECOND))),
    [FIRST, SECOND],
  ],
  [
    'a bad item beside a good one',
    publish(RED, inRed(FIRST), item(nlri('10.9.0.9/99')) + item(nlri(SECOND))),
    [SECOND],
  ],
  [
    'items in an element of their own',
    publish(RED, inRed(FIRST), `<items>${item(nlri(FIRST))}${item(nlri(SECOND))}</items>`),
    [FIRST, SECOND],
  ],
  [
    'an item without entry beside a good one',
    publish(RED, inRed(FIRST), `<item/>${item(nlri(SECOND))}`),
    [SECOND],
  ],
  ['the same route again', announce(FIRST) + announce(FIRST), [FIRST]],
  ['a withdrawal by prefix alone', announce(FIRST) + announce(SECOND) + withdraw(FIRST), [SECOND]],
  [
    'a withdrawal whatever else the item says',
    announce(FIRST) +
      publish(
        RED,
        inRed(FIRST),
        item(nlri(FIRST), {
          'next-hops': hops(
            hop({ address: '<address>nowhere</address>', label: '<label>0</label>', mac: '<mac>x</mac>' }),
            hop(),
          ),
        }),
        'dissociate',
      ),
    [],
  ],
  ['a withdrawal of what is not there', withdraw(FIRST) + announce(SECOND), [SECOND]],
  [
    'a withdrawal of many',
    announce(FIRST) +
      announce(SECOND) +
      publish(RED, inRed(FIRST), item(nlri(FIRST)) + item(nlri(SECOND)), 'dissociate'),
    [],
  ],
  ['an unknown family', publish(RED, '7/7/x', item(nlri(FIRST, [7, 7]))), []],
  ['no node', publish(RED, '', item(nlri(FIRST))), []],
  ['a node of another family than its item', publish(RED, `2/1/${RED}/${FIRST}`, item(nlri(FIRST))), []],
  ['an item of another family than its node', publish(RED, inRed(FIRST), item(nlri(FIRST, [2, 1]))), []],
  ['End-of-RIB', iq('<publish />') + iq('<collection />') + announce(FIRST), [FIRST]],
  [
    'a marker as agents send it',
    `<message from="compute-1" to="network-control@contrailsystems.com/bgp-peer"><event xmlns="http://jabber.org/protocol/pubsub"><items node="0/0/EndOfRib"></items></event></message>${announce(FIRST)}`,
    [FIRST],
  ],
  [
    'iq that do not set',
    ['get', 'result', 'error']
      .map((type) => announce(FIRST).replaceAll('type="set"', `type="${type}"`))
      .join(''),
    [],
  ],
  ['an iq without a type', announce(FIRST).replaceAll(' type="set"', ''), []],
  [
    'for somebody else',
    announce(FIRST).replaceAll('/bgp-peer', '/dns-peer') +
      announce(FIRST).replaceAll('/bgp-peer', '/other-peer') +
      announce(FIRST).replaceAll('/bgp-peer', ''),
    [],
  ],
  [
    'for anybody whose address has the channel in it',
    announce(FIRST).replaceAll('network-control@contrailsystems.com/bgp-peer', 'xbgp-peerx'),
    [FIRST],
  ],
  ['from somebody else', announce(FIRST).replaceAll('from="compute-1"', 'from="somebody"'), [FIRST]],
  ['from nobody', announce(FIRST).replaceAll(' from="compute-1"', ''), [FIRST]],
  ['without id', announce(FIRST).replaceAll(' id="x1"', ''), [FIRST]],
  [
    'attributes in another order and in single quotes',
    announce(FIRST).replaceAll(
      /<iq type="set" from="compute-1" to="([^"]+)" id="x1">/g,
      `<iq\n id='x1' to='$1'\n from = "compute-1" type='set'>`,
    ),
    [FIRST],
  ],
  ['without line breaks', announce(FIRST).replaceAll('\n', ''), [FIRST]],
  ['with carriage returns', announce(FIRST).replaceAll('\n', '\r\n'), [FIRST]],
  [
    'an XML declaration before each',
    announce(FIRST).replaceAll('<iq', '<?xml version="1.0"?>\n<iq'),
    [FIRST],
  ],
  ['keepalives between', announce(FIRST).replaceAll('<iq', '\u0200 \u0200<iq'), [FIRST]],
  [
    'blanks before the end of tags',
    announce(FIRST).replaceAll('</iq>', '</iq \n>').replaceAll('</label>', '</label >'),
    [FIRST],
  ],
  [
    'two actions: the first counts',
    iq(`<publish node="${inRed(FIRST)}">${item(nlri(FIRST))}</publish><unsubscribe node="${RED}"/>`) +
      collection(associate(FIRST)),
    [FIRST],
  ],
  [
    'stanzas that mean nothing here',
    `<presence/><iq type="set" to="a/bgp-peer"/><iq type="set" to="a/bgp-peer"><query/></iq><message to="a/bgp-peer"><body>hello</body></message>${announce(FIRST)}`,
    [FIRST],
  ],
  [
    'items, as if it were a control node',
    `<message to="compute-1/bgp-peer"><event><items node="1/1/${RED}">${item(nlri(FIRST))}</items></event></message>`,
    [],
  ],
  [
    'the configuration channel',
    iq('<subscribe node="virtual-router:default-global-system-config:compute-1" />', 'config') +
      iq('<subscribe node="virtual-machine:8d2f" />', 'config').repeat(2) +
      announce(FIRST),
    [FIRST],
  ],
  ['an unsubscribe takes the routes', announce(FIRST) + unsubscribe(RED) + subscribe(RED), []],
  [
    'and a route after it is one again',
    announce(FIRST) + unsubscribe(RED) + subscribe(RED) + announce(SECOND),
    [SECOND],
  ],
  [
    'routes of a pending instance wait',
    subscribe(GREEN) + publish(GREEN, `1/1/${GREEN}/${FIRST}`, item(nlri(FIRST))) + announce(SECOND),
    [SECOND],
  ],
  [
    'leaving a pending instance',
    subscribe(GREEN) + unsubscribe(GREEN) + subscribe(GREEN) + announce(FIRST),
    [FIRST],
  ],

  [
    'an item elsewhere that cannot be read',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri('10.9.0.9/99'))) + announce(FIRST),
    [FIRST],
  ],
  [
    'an item elsewhere whose number is none, to be withdrawn',
    publish(
      BLUE,
      `1/1/${BLUE}/${FIRST}`,
      item(nlri(FIRST), { 'local-preference': '<local-preference>much</local-preference>' }),
      'dissociate',
    ) + announce(FIRST),
    [FIRST],
  ],
  [
    'an item elsewhere of another family than its node',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST, [2, 1]))) + announce(FIRST),
    [FIRST],
  ],
  [
    'an item elsewhere of an unknown family',
    publish(BLUE, '7/7/x', item(nlri(FIRST, [7, 7]))) + announce(FIRST),
    [FIRST],
  ],
  [
    'a route elsewhere without a next hop',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST), { 'next-hops': '<next-hops/>' })) +
      announce(FIRST),
    [FIRST],
  ],
  [
    'End-of-RIB elsewhere',
    iq('<publish node="x" />') + collection('<associate node="x"/>', BLUE) + announce(FIRST),
    [FIRST],
  ],

  [
    'a route elsewhere behind an item that cannot be read',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri('10.9.0.9/99')) + item(nlri(FIRST))),
    { closed: /policy-violation.*not subscribed/ },
  ],
  [
    'a route elsewhere with a next hop that is no address',
    publish(
      BLUE,
      `1/1/${BLUE}/${FIRST}`,
      item(nlri(FIRST), { 'next-hops': hops(hop({ address: '<address>nowhere</address>' })) }),
    ),
    { closed: /policy-violation.*not subscribed/ },
  ],
  [
    'a withdrawal elsewhere without a next hop',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST), { 'next-hops': '' }), 'dissociate'),
    { closed: /policy-violation.*not subscribed/ },
  ],
  ['a second subscribe', subscribe(RED), { closed: /policy-violation.*subscribed already/ }],
  [
    'a second subscribe of a pending instance',
    subscribe(GREEN).repeat(2),
    { closed: /policy-violation.*subscribed already/ },
  ],
  ['an unsubscribe out of nowhere', unsubscribe(BLUE), { closed: /policy-violation.*not subscribed/ }],
  ['a second unsubscribe', unsubscribe(RED).repeat(2), { closed: /policy-violation.*not subscribed/ }],
  [
    'a publish elsewhere',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST))),
    { closed: /policy-violation.*not subscribed/ },
  ],
  [
    'a withdrawal elsewhere',
    publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST)), 'dissociate'),
    { closed: /policy-violation.*not subscribed/ },
  ],
  [
    'a publish of EVPN elsewhere',
    publish(
      BLUE,
      `25/242/02:aa:bb:cc:dd:01,10.2.0.4/32`,
      item(
        '<nlri><af>25</af><safi>242</safi><mac>02:aa:bb:cc:dd:01</mac><address>10.2.0.4/32</address></nlri>',
      ),
    ),
    { closed: /policy-violation.*not subscribed/ },
  ],
  [
    'a publish after an unsubscribe',
    unsubscribe(RED) + announce(FIRST),
    { closed: /policy-violation.*not subscribed/ },
  ],
  ['a stanza that is not well-formed', '<iq type="set"><pubsub></iq>', { closed: /not-well-formed/ }],
  ['a message that is not well-formed', '<message><event></message>', { closed: /not-well-formed/ }],
  ['text between stanzas', 'hello', { closed: /bad-format/ }],
];

/** Another agent, which must never notice. */
async function witness(node: ControlNode): Promise<RawAgent> {
  const other = await RawAgent.connect(node.xmppAddress!, 'compute-2', '127.0.0.2');
  other.send(subscribe(BLUE, '<instance-id>1</instance-id>'));
  return other;
}

t.test('what an agent says, in any order', async (t) => {
  const node = await controlNode(t);
  const other = await witness(node);
  t.teardown(() => other.end());
  for (const [what, text, outcome] of conversations) {
    const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
    one.send(subscribe(RED) + text);
    if ('closed' in outcome) {
      await one.closed;
      t.match(one.received.replaceAll('\n', ''), outcome.closed, what);
    } else {
      one.send(subscribe(MASTER_INSTANCE, ''));
      one.send(
        publish(
          MASTER_INSTANCE,
          `1/1/${MASTER_INSTANCE}/10.1.1.3/32`,
          item(nlri('10.1.1.3/32'), { 'next-hops': hops(hop({ label: '' })) }),
        ),
      );
      await one.hears(/<item id="10\.1\.1\.3\/32">/);
      t.same(
        node
          .routes({ table: `${RED}.inet.0` })
          .map(({ prefix }) => prefix)
          .sort(),
        outcome,
        what,
      );
      t.ok(
        node.neighbors().every(({ state }) => state === 'Established'),
        `${what}: the session lives`,
      );
      await one.end();
    }
    await eventually(() => node.neighbors().length === 1 || undefined);
    const left = ({ name, paths }: TableView): boolean => paths > 0 && name !== 'bgp.rtarget.0';
    await eventually(() => !node.tables().some(left) || undefined);
  }
  const mark = other.mark;
  other.send(publish(BLUE, `1/1/${BLUE}/${FIRST}`, item(nlri(FIRST))));
  await other.hears(/<item id="10\.9\.0\.1\/32">/, { from: mark });
  t.match(node.neighbors(), [{ name: 'compute-2', flaps: 0, errors: 0 }]);
});

/** Options of a subscribe, and the route distinguisher they lead to. */
const options: readonly (readonly [what: string, stanza: string, rd: string])[] = [
  ['inside of subscribe', subscribe(RED), '10.1.1.3:4'],
  [
    'beside subscribe',
    iq(`<subscribe node="${RED}"/><options><instance-id>5</instance-id></options>`),
    '10.1.1.3:5',
  ],
  ['instance id 0', subscribe(RED, '<instance-id>0</instance-id>'), '10.1.1.3:0'],
  [
    'the low sixteen bits of an instance id',
    subscribe(RED, '<instance-id>65540</instance-id>'),
    '10.1.1.3:4',
  ],
  ['the largest', subscribe(RED, '<instance-id>65535</instance-id>'), '10.1.1.3:65535'],
  ['none, which is -1', subscribe(RED, ''), '10.1.1.3:65535'],
  ['an empty one', subscribe(RED, '<instance-id/>'), '10.1.1.3:0'],
  ['one that is no number', subscribe(RED, '<instance-id>four</instance-id>'), '10.1.1.3:0'],
  ['one with something behind it', subscribe(RED, '<instance-id>4x</instance-id>'), '10.1.1.3:4'],
  ['a negative one', subscribe(RED, '<instance-id>-2</instance-id>'), '10.1.1.3:65534'],
  ['an endless one', subscribe(RED, `<instance-id>${'9'.repeat(400)}</instance-id>`), '10.1.1.3:65535'],
  [
    'the last of two',
    subscribe(RED, '<instance-id>4</instance-id><instance-id>6</instance-id>'),
    '10.1.1.3:6',
  ],
  ['no options', iq(`<subscribe node="${RED}" />`), '10.1.1.3:65535'],
  ['unknown options', subscribe(RED, '<novelty/><instance-id> 6 </instance-id>'), '10.1.1.3:6'],
];

t.test('the instance id of a subscribe is in the route distinguisher', async (t) => {
  const node = await controlNode(t);
  for (const [what, stanza, rd] of options) {
    const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
    one.send(stanza + announce(FIRST));
    const prefix = await eventually(() => node.routes({ table: 'bgp.l3vpn.0' })[0]?.prefix);
    t.equal(prefix, `${rd}:${FIRST}`, what);
    await one.end();
    await eventually(() => node.tables().every(({ paths }) => paths === 0) || undefined);
  }
});

t.test('with a sub-cluster only its own agents are let in', async (t) => {
  const node = await controlNode(t, { 'sub-cluster': 'edge' });
  const hello = async (namespace: string, name: string): Promise<RawAgent> => {
    const one = await RawAgent.silent(node.xmppAddress!, name);
    one.send(
      `<stream:stream from="${name}" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="${namespace}" xmlns:stream="http://etherx.jabber.org/streams"  >`,
    );
    return one;
  };
  for (const namespace of ['', 'core', 'EDGE', 'jabber:client']) {
    const stranger = await hello(namespace, 'compute-2');
    await stranger.closed;
    t.match(stranger.received, /policy-violation/, namespace);
  }
  const own = await hello('edge', 'compute-1');
  t.teardown(() => own.end());
  own.send(subscribe(RED) + announce(FIRST));
  await own.hears(/<item id="10\.9\.0\.1\/32">/);
  t.match(node.neighbors(), [{ name: 'compute-1' }]);
});

t.test('an agent that wants no routes is sent none, and its own count', async (t) => {
  for (const text of ['true', '1', 'yes', 'True']) {
    const node = await controlNode(t);
    const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
    t.teardown(() => one.end());
    one.send(subscribe(RED, `<instance-id>4</instance-id><no-ribout>${text}</no-ribout>`) + announce(FIRST));
    await eventually(() => node.routes({ table: 'bgp.l3vpn.0' })[0]);
    await one.hears(/EndOfRib/);
    t.notMatch(one.received, /<item /, text);
  }
});

// `BgpXmppChannelTest.EndOfRibSend_3` of Contrail.
t.test('an agent that has subscribed to nothing is told that there is nothing', async (t) => {
  const node = await controlNode(t);
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
  t.teardown(() => one.end());
  await one.hears(/<items node="0\/0\/EndOfRib"><\/items>/);
});

t.test('what an agent leaves is not retracted, and it hears no more of it', async (t) => {
  const node = await controlNode(t);
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
  const other = await witness(node);
  t.teardown(() => Promise.all([one.end(), other.end()]));
  other.send(subscribe(RED, '<instance-id>9</instance-id>') + announce(FIRST));
  one.send(subscribe(RED));
  await one.hears(/<item id="10\.9\.0\.1\/32">/);
  one.send(unsubscribe(RED) + subscribe(BLUE));
  await eventually(() => node.neighbors()[0]?.subscriptions?.[0]?.instance === BLUE || undefined);
  other.send(announce(SECOND) + publish(BLUE, `1/1/${BLUE}/${SECOND}`, item(nlri(SECOND))));
  await one.hears(new RegExp(`<items node="1/1/${BLUE}">`));
  t.notMatch(one.received, /<retract/);
  t.notMatch(one.received, new RegExp(`<items node="1/1/${RED}">\\s*<item id="10\\.9\\.0\\.2`));
});

t.test('a message of the control node is of one family and of one kind', async (t) => {
  const node = await controlNode(t);
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
  t.teardown(() => one.end());
  one.send(subscribe(RED));
  const prefixes = Array.from({ length: 600 }, (_, i) => `10.9.${i >> 8}.${i & 255}/32`);
  one.send(prefixes.map(announce).join(''));
  await eventually(() => one.received.match(/<item id=/g)?.length === 600 || undefined);
  const mark = one.mark;
  one.send(prefixes.map(withdraw).join(''));
  await eventually(() => one.received.match(/<retract id=/g)?.length === 600 || undefined);
  for (const message of one.received.split('</message>')) {
    const [items, retracts] = [
      message.match(/<item id=/g)?.length ?? 0,
      message.match(/<retract id=/g)?.length ?? 0,
    ];
    if (items > 32 || retracts > 256 || (items > 0 && retracts > 0))
      t.fail(`${items} items and ${retracts} retracts in a message`);
  }
  t.match(one.received.slice(mark), /<retract id="10\.9\.0\.0\/32" \/>/);
});

t.test('the members of an ECMP set are what the next hops of an item say, without repetition', async (t) => {
  const node = await controlNode(t);
  const agents = await Promise.all(
    [1, 2, 3].map((n) => RawAgent.connect(node.xmppAddress!, `compute-${n}`, `127.0.0.${n}`)),
  );
  t.teardown(() => Promise.all(agents.map((one) => one.end())));
  const hopsOf = ['10.1.1.5', '10.1.1.4', '10.1.1.4'];
  for (const [i, one] of agents.entries()) {
    one.send(subscribe(RED, `<instance-id>${i + 1}</instance-id>`));
    one.send(
      publish(
        RED,
        inRed(FIRST),
        item(nlri(FIRST), {
          'next-hops': hops(
            hop({ address: `<address>${hopsOf[i]}</address>`, encapsulations: encapsulations('udp') }),
          ),
        }),
      ),
    );
  }
  await agents[0]!.hears(/<address>10\.1\.1\.4<.*<address>10\.1\.1\.5</s);
  const last = await eventually(
    () => [...agents[0]!.received.matchAll(/<item id="10\.9\.0\.1\/32">.*?<\/item>/gs)].at(-1)?.[0],
  );
  t.same(
    [...last.matchAll(/<next-hop>\s*<af>1<\/af>\s*<address>([^<]+)</g)].map(([, address]) => address),
    ['10.1.1.4', '10.1.1.5'],
  );
});
