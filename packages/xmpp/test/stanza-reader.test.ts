import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  configObjectText,
  configStanza,
  readStanza,
  StrictParser,
  type ConfigObject,
  type Negotiation,
  type Stanza,
} from '../src/index.ts';
import { readStream, recordStream, type RecordedStream } from './recorded-stream.ts';

const parser = new StrictParser();
const read = (text: string): Stanza | Negotiation => readStanza(parser.parse(Buffer.from(text)));
const toRouting = 'type="set" from="a" to="network-control@contrailsystems.com/bgp-peer"';

t.test('options of a subscribe are found inside it and beside it', async (t) => {
  const options = '<options><instance-id> 4 </instance-id><no-ribout>true</no-ribout></options>';
  const expected = { type: 'subscribe', node: 'blue', instanceId: 4, noRibOut: true };
  t.same(
    read(`<iq ${toRouting}><pubsub><subscribe node="blue">${options}</subscribe></pubsub></iq>`),
    expected,
  );
  t.same(read(`<iq ${toRouting}><pubsub><subscribe node="blue"/>${options}</pubsub></iq>`), expected);
  const bare = { type: 'subscribe', node: 'blue', instanceId: -1, noRibOut: false };
  t.same(read(`<iq ${toRouting}><pubsub><subscribe node="blue"/></pubsub></iq>`), bare);
  const broken = '<options><instance-id>x</instance-id></options>';
  t.same(read(`<iq ${toRouting}><pubsub><subscribe node="blue"/>${broken}</pubsub></iq>`), {
    ...bare,
    instanceId: 0,
  });
});

t.test('only an iq of type set is acted upon', async (t) => {
  for (const type of ['get', 'result', 'error', '']) {
    t.match(read(`<iq type="${type}" to="x/bgp-peer"><pubsub><subscribe node="a"/></pubsub></iq>`), {
      type: 'ignored',
      because: `iq of type "${type}"`,
    });
  }
  t.match(read('<iq type="set" to="x/dns-peer"><pubsub/></iq>'), { type: 'ignored' });
  t.match(read('<iq type="set"><pubsub/></iq>'), { type: 'ignored' });
  t.match(read(`<iq ${toRouting}/>`), { type: 'ignored' });
  t.match(read(`<iq ${toRouting}><pubsub/></iq>`), { type: 'ignored' });
  t.match(read(`<iq ${toRouting}><pubsub><retract node="a"/></pubsub></iq>`), { type: 'ignored' });
  t.match(read('<presence/>'), { type: 'ignored' });
  t.match(read('<message to="x/dns-peer"/>'), { type: 'ignored' });
});

t.test('the first child of pubsub is the action', async (t) => {
  t.match(read(`<iq ${toRouting}><pubsub>\n <unsubscribe node="a"/><subscribe node="b"/></pubsub></iq>`), {
    type: 'unsubscribe',
    node: 'a',
  });
});

t.test('a publish of an unknown family has problems and no items', async (t) => {
  for (const node of ['', '1', '1/1', '9/9/x', 'x/y/z', '01020304abcd:vpn-ip-address/32']) {
    const stanza = read(
      `<iq ${toRouting}><pubsub><publish node="${node}"><item><entry/></item></publish></pubsub></iq>`,
    );
    t.match(stanza, { type: 'publish', node, items: [], problems: [{ because: String }] }, `"${node}"`);
  }
});

t.test('a publish keeps its good items when others are bad', async (t) => {
  const item = (address: string): string =>
    `<item><entry><nlri><af>1</af><safi>1</safi><address>${address}</address></nlri></entry></item>`;
  const stanza = read(
    `<iq ${toRouting}><pubsub><publish node="1/1/x/10.0.0.1/32/7">${item('10.0.0.1/32')}<item/>${item('10.0.0.999/32')}</publish></pubsub></iq>`,
  );
  t.match(stanza, {
    type: 'publish',
    family: 'inet',
    nativeId: 7,
    items: { length: 1 },
    problems: { length: 2 },
  });
  t.match(stanza, { problems: [{ because: 'the item has no entry' }, { item: '10.0.0.999/32' }] });
});

t.test('a native id is the sixth field of an inet node, within sixteen bits', async (t) => {
  const nativeId = (node: string): unknown => {
    const stanza = read(`<iq ${toRouting}><pubsub><publish node="${node}"/></pubsub></iq>`);
    return stanza.type === 'publish' ? stanza.nativeId : stanza;
  };
  t.equal(nativeId('1/1/x/10.0.0.1/32'), undefined);
  t.equal(nativeId('1/1/x/10.0.0.1/32/0'), 0);
  t.equal(nativeId('1/1/x/10.0.0.1/32/65535'), 65535);
  t.equal(nativeId('1/1/x/10.0.0.1/32/65536'), undefined);
  t.equal(nativeId('1/1/x/10.0.0.1/32/x'), undefined);
  t.equal(nativeId('2/1/x/2001:db8::1/128/7'), undefined);
});

t.test('a collection associates, dissociates, or does neither', async (t) => {
  const collection = (inside: string): Stanza | Negotiation =>
    read(`<iq ${toRouting}><pubsub><collection node="blue">${inside}</collection></pubsub></iq>`);
  t.same(collection('<associate node="1/1/x"/>'), {
    type: 'collection',
    node: 'blue',
    action: 'associate',
    target: '1/1/x',
  });
  t.match(collection('<dissociate node="1/1/x"/><associate node="y"/>'), {
    action: 'associate',
    target: 'y',
  });
  t.match(collection(''), { action: 'none', target: '' });
  t.match(collection('<other node="x"/>'), { action: 'none', target: '' });
});

t.test('a retract is named by its first attribute, whatever that is called', async (t) => {
  const stanza = read(
    '<message to="a/bgp-peer"><event><items node="1/1/x"><retract name="10.0.0.1/32" id="z"/><retract id="10.0.0.2/32"/></items></event></message>',
  );
  t.same(stanza, {
    type: 'retracts',
    node: '1/1/x',
    family: 'inet',
    instance: 'x',
    ids: ['10.0.0.1/32', '10.0.0.2/32'],
  });
});

t.test('a retract among items is a problem, the items are read', async (t) => {
  const stanza = read(
    '<message to="a/bgp-peer"><event><items node="1/1/x"><item id="i"><entry><nlri><af>1</af><safi>1</safi><address>10.0.0.1/32</address></nlri></entry></item><retract id="r"/></items></event></message>',
  );
  t.match(stanza, {
    type: 'items',
    items: { length: 1 },
    problems: [{ item: 'r', because: 'a retract among items' }],
  });
});

t.test('items of an unknown family are ignored', async (t) => {
  t.match(read('<message to="a/bgp-peer"><event><items node="7/7/x"><item/></items></event></message>'), {
    type: 'ignored',
  });
});

t.test('configuration is read as it is written', async (t) => {
  const properties = [
    { name: 'display-name', value: 'compute & 1' },
    { name: 'id-perms', value: [{ name: 'uuid', value: [{ name: 'uuid-mslong', value: '7' }] }] },
  ];
  const updates: ConfigObject[] = [
    {
      kind: 'node',
      type: 'virtual-router',
      name: 'default-global-system-config:compute-1',
      properties,
    },
    {
      kind: 'link',
      ends: [
        { type: 'virtual-router', name: 'default-global-system-config:compute-1' },
        { type: 'virtual-machine', name: 'c3a1' },
      ],
      metadata: 'virtual-router-virtual-machine',
    },
  ];
  const deletes: ConfigObject[] = [{ kind: 'node', type: 'virtual-machine', name: 'a<b', properties: [] }];
  const router = 'default-global-system-config:compute-1';
  const stanza = read(
    configStanza(router, {
      updates: updates.map(configObjectText),
      deletes: deletes.map(configObjectText),
    }).toString(),
  );
  t.match(stanza, { type: 'config', to: `${router}/config`, deletes });
  if (stanza.type !== 'config') return;
  t.same(stanza.updates, updates);
  const [unspeakable] = [
    { kind: 'node', type: 'virtual-machine', name: 'a\u0001\ud800b', properties: [] },
  ] as const;
  const told = read(configStanza(router, { updates: [configObjectText(unspeakable)] }).toString());
  t.match(told, { updates: [{ name: 'a\ufffd\ufffdb' }] }, 'what XML cannot say costs no session');
  t.match(read(`<iq type="set" to="x/config"><config><update><link/><other/></update></config></iq>`), {
    updates: [],
  });
});

t.test('configuration is subscribed to on its own channel', async (t) => {
  const config = 'type="set" to="network-control@contrailsystems.com/config"';
  t.same(read(`<iq ${config}><pubsub><subscribe node="virtual-router:a:b"/></pubsub></iq>`), {
    type: 'config-subscribe',
    node: 'virtual-router:a:b',
  });
  t.match(read(`<iq ${config}><pubsub><unsubscribe node="virtual-machine:c"/></pubsub></iq>`), {
    type: 'config-unsubscribe',
  });
  t.match(read(`<iq ${config}><pubsub><publish/></pubsub></iq>`), { type: 'ignored' });
});

/* The corpus: streams and stanzas of other projects' tests, with what those projects and expat say of them. */

const corpus = fileURLToPath(new URL('../../../../../shared/corpora/xmpp-streams.jsonl', import.meta.url));

interface CorpusRecord {
  readonly id: string;
  readonly kind: string;
  readonly chunks: readonly string[];
  readonly expect: {
    readonly expat: {
      readonly result: string;
      readonly restricted: readonly string[];
      readonly error?: string;
    };
  };
}

/** The chunks as a stream of their own if they begin one, else behind a header. */
function readRecord({ chunks }: CorpusRecord): RecordedStream {
  const begins = /^\s*(<\?xml[^>]*\?>)?\s*<stream:stream/.test(chunks[0] ?? '');
  if (!begins) return readStream(chunks);
  const recorded = recordStream();
  for (const chunk of chunks) recorded.stream.push(Buffer.from(chunk));
  return recorded;
}

const skip = existsSync(corpus) ? false : 'the corpus is not beside this repository';

t.test(
  'the corpus of streams is read without an exception and with the outcomes known',
  { skip },
  async (t) => {
    const records = readFileSync(corpus, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as CorpusRecord);
    t.ok(records.length > 100, `${records.length} records`);
    for (const record of records) {
      const { condition, stanzas, headers } = readRecord(record);
      const { result, restricted, error = '' } = record.expect.expat;
      const text = record.chunks.join('');
      if (restricted.length > 0) {
        t.equal(condition, 'restricted-xml', `${record.id}: RFC 6120 forbids what expat allows`);
      } else if (/mismatched tag|unbound prefix: line [2-9]/.test(error)) {
        t.equal(condition, 'not-well-formed', `${record.id}: ${error}`);
      } else if (result === 'complete' && !text.includes('<stream:stream') && !/^\s*<\?xml/.test(text)) {
        const known = condition === undefined && stanzas.length === 1;
        // A stray `<` behind a stanza is the beginning of the next one.
        t.ok(
          known || record.id.includes('reader_test'),
          `${record.id}: one stanza (${condition} ${stanzas.length})`,
        );
      } else {
        t.ok(headers.length <= 1, `${record.id}: ${condition ?? `${stanzas.length} stanzas`}`);
      }
    }
  },
);

t.test(
  'the corpus has what control nodes and agents write, and it means what it should',
  { skip },
  async (t) => {
    const stanzas = new Map<string, (Stanza | Negotiation)[]>();
    for (const line of readFileSync(corpus, 'utf8').split('\n')) {
      if (line === '') continue;
      const record = JSON.parse(line) as CorpusRecord;
      // Comments were in the test data, never on the wire.
      const chunks = record.chunks.map((chunk) => chunk.replace(/<!--.*?-->/gs, ''));
      stanzas.set(record.id, readRecord({ ...record, chunks }).stanzas);
    }
    t.match(stanzas.get('tf/pubsub_usub.xml'), [{ type: 'unsubscribe', node: 'blue' }]);
    t.match(stanzas.get('tf/pubsub_sub2.xml'), [{ type: 'subscribe', node: 'red', instanceId: 2 }]);
    t.match(stanzas.get('tf/pubsub_dis.xml'), [
      { type: 'publish', node: '1/1/10.1.2.1', family: 'inet', items: { length: 1 } },
      { type: 'collection', node: 'blue', action: 'dissociate', target: '1/1/10.1.2.1' },
    ]);
    t.match(stanzas.get('tf/xmpp_str.h:43'), [{ type: 'starttls' }]);
    t.match(stanzas.get('tf/xmpp_str.h:44'), [{ type: 'proceed' }]);
    t.match(stanzas.get('tf/xmpp_str.h:42'), [{ type: 'features', starttls: true }]);
    t.match(stanzas.get('xmpp.js/stream parser'), { length: 4 });
  },
);
