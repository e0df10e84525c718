import t from 'tap';
import {
  agentEndOfRib,
  announceStanzas,
  MASTER_INSTANCE,
  MAX_SUBSCRIBED_CHARACTERS,
  MAX_SUBSCRIPTIONS,
  Pubsub,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
  type StreamError,
} from '../src/index.ts';
import { attributes, floatingIp, nextHop, publicInstance } from './items.ts';
import { readStream } from './recorded-stream.ts';

/** A pubsub that notes what it is told, one line each. */
function record(): {
  told: string[];
  pubsub: Pubsub;
  take: (bytes: Buffer | string) => StreamError | undefined;
} {
  const told: string[] = [];
  const pubsub = new Pubsub({
    subscribe: ({ instance, instanceId, ribOut }) =>
      told.push(`subscribe ${instance} ${instanceId} ${ribOut}`),
    unsubscribe: (instance) => told.push(`unsubscribe ${instance}`),
    announce: (instance, item, nativeId) =>
      told.push(`announce ${instance} ${item.family} ${nativeId ?? '-'}`),
    withdraw: (instance, item, nativeId) =>
      told.push(`withdraw ${instance} ${item.family} ${nativeId ?? '-'}`),
    endOfRib: () => told.push('end-of-rib'),
    config: ({ type }) => told.push(type),
    dropped: ({ because }) => told.push(`dropped: ${because}`),
  });
  const take = (bytes: Buffer | string): StreamError | undefined => {
    for (const stanza of readStream([bytes]).stanzas) {
      const error = pubsub.receive(stanza as Parameters<Pubsub['receive']>[0]);
      if (error !== undefined) return error;
    }
    return undefined;
  };
  return { told, pubsub, take };
}

const iq = (inside: string): string => `<iq type="set" to="x/bgp-peer"><pubsub>${inside}</pubsub></iq>`;
const entry =
  '<item><entry><nlri><af>1</af><safi>1</safi><address>10.0.0.1/32</address></nlri></entry></item>';

t.test('a publish counts when its collection comes', async (t) => {
  const { told, take } = record();
  take(subscribeStanza('c', publicInstance, 4));
  const pair = announceStanzas('c', publicInstance, floatingIp);
  const half = pair.indexOf('<iq', 1);
  take(pair.subarray(0, half));
  t.same(told.splice(0), [`subscribe ${publicInstance} 4 true`]);
  take(pair.subarray(half));
  take(withdrawStanzas('c', publicInstance, floatingIp));
  t.same(told, [`announce ${publicInstance} inet -`, `withdraw ${publicInstance} inet -`]);
});

t.test('a withdraw needs no more than a prefix', async (t) => {
  const { told, take } = record();
  take(subscribeStanza('c', 'v', 4));
  take(iq(`<publish node="1/1/v/10.0.0.1/32">${entry}</publish>`));
  take(iq('<collection node="v"><dissociate node="1/1/v/10.0.0.1/32"/></collection>'));
  take(iq(`<publish node="1/1/v/10.0.0.1/32">${entry}</publish>`));
  take(iq('<collection node="v"><associate node="1/1/v/10.0.0.1/32"/></collection>'));
  t.same(told.slice(1), ['withdraw v inet -', 'dropped: 0 next hops instead of one']);
});

t.test('the instance is that of the collection, the native id that of the publish', async (t) => {
  const { told, take } = record();
  take(subscribeStanza('c', MASTER_INSTANCE, 0));
  const unlabelled = { ...floatingIp, attributes: { ...attributes, nextHops: [{ ...nextHop, label: 0 }] } };
  take(announceStanzas('c', MASTER_INSTANCE, unlabelled, 1, 7));
  t.same(told.slice(1), [`announce ${MASTER_INSTANCE} inet 7`]);
});

t.test('several items of a publish share its collection, and bad ones are dropped alone', async (t) => {
  const { told, take } = record();
  take(subscribeStanza('c', 'v', 4));
  const hop =
    '<next-hops><next-hop><address>10.1.1.3</address><label>25</label></next-hop></next-hops></entry>';
  const good = entry.replace('</entry>', hop);
  const bad = good.replace('<label>25', '<label>x');
  const zero = good.replace('<label>25', '<label>0');
  take(iq(`<publish node="1/1/v/x">${good}${bad}${zero}${good}</publish>`));
  take(iq('<collection node="v"><associate node="1/1/v/x"/></collection>'));
  t.same(told.slice(1), [
    'dropped: label is not a number of 0–4294967295: "x"',
    'announce v inet -',
    'dropped: label 0',
    'announce v inet -',
  ]);
});

t.test('halves that do not fit are dropped, and the session lives', async (t) => {
  const { told, take } = record();
  take(subscribeStanza('c', 'v', 4));
  told.length = 0;
  const publish = iq(`<publish node="1/1/v/a">${entry}</publish>`);
  t.equal(take(iq('<collection node="v"><associate node="1/1/v/a"/></collection>')), undefined);
  t.same(told.splice(0), ['dropped: a collection without its publish']);
  take(publish);
  t.equal(take(iq('<collection node="v"><associate node="1/1/v/b"/></collection>')), undefined);
  t.same(told.splice(0), ['dropped: the collection is of another node: "1/1/v/b"']);
  t.equal(
    take(iq('<collection node="v"><associate node="1/1/v/a"/></collection>')),
    undefined,
    'both are dropped',
  );
  t.same(told.splice(0), ['dropped: a collection without its publish']);
  take(publish);
  take(publish);
  t.same(told.splice(0), ['dropped: another publish came before its collection']);
  take(iq('<collection node="v"><dissociate node="1/1/v/a"/></collection>'));
  t.same(told.splice(0), ['withdraw v inet -'], 'the second publish has replaced the first');
  take(iq(`<publish>${entry}</publish>`));
  take(iq('<collection node="v"/>'));
  t.same(told.splice(0), ['dropped: the collection neither associates nor dissociates']);
});

t.test('End-of-RIB is a pair without items, or the marker', async (t) => {
  const { told, take } = record();
  take(agentEndOfRib('c'));
  t.same(told.splice(0), ['end-of-rib', 'end-of-rib']);
  take(iq('<publish node="1/1/v/a"/>'));
  take(iq('<collection node="v"><associate node="1/1/v/a"/></collection>'));
  t.same(told, ['end-of-rib'], 'an instance need not be subscribed for it');
});

t.test('slips that deployed control nodes punish end the session', async (t) => {
  const { take } = record();
  t.match(take(unsubscribeStanza('c', 'v', 4)), {
    condition: 'policy-violation',
    message: /v is not subscribed/,
  });
  t.match(take(announceStanzas('c', 'v', floatingIp)), {
    condition: 'policy-violation',
    message: /not subscribed/,
  });
  t.match(take(withdrawStanzas('c', 'v', floatingIp)), {
    condition: 'policy-violation',
    message: /not subscribed/,
  });
  t.equal(take(subscribeStanza('c', 'v', 4)), undefined);
  t.match(take(subscribeStanza('c', 'v', 4)), {
    condition: 'policy-violation',
    message: /subscribed already/,
  });
  t.equal(take(unsubscribeStanza('c', 'v', 4)), undefined);
  t.equal(take(subscribeStanza('c', 'v', 5)), undefined, 'again after an unsubscribe');
});

t.test('an agent may ask for no routes', async (t) => {
  const { told, pubsub, take } = record();
  take(
    iq(
      '<subscribe node="v"><options><instance-id>1</instance-id><no-ribout>true</no-ribout></options></subscribe>',
    ),
  );
  t.same(told, ['subscribe v 1 false']);
  t.same([...pubsub.subscriptions.keys()], ['v']);
});

t.test('subscriptions are counted', async (t) => {
  const { pubsub } = record();
  const subscribe = (n: number): StreamError | undefined =>
    pubsub.receive({ type: 'subscribe', node: `v${n}`, instanceId: n, noRibOut: false });
  for (let n = 0; n < MAX_SUBSCRIPTIONS; n++) subscribe(n);
  t.match(subscribe(MAX_SUBSCRIPTIONS), { condition: 'resource-constraint' });
});

t.test('the characters of their names are counted, and given back', async (t) => {
  const { pubsub } = record();
  const node = (n: number): string => `${n}`.padEnd(MAX_SUBSCRIBED_CHARACTERS / 4, 'v');
  const subscribe = (n: number): StreamError | undefined =>
    pubsub.receive({ type: 'subscribe', node: node(n), instanceId: n, noRibOut: false });
  for (let n = 0; n < 4; n++) t.equal(subscribe(n), undefined);
  t.match(subscribe(4), { condition: 'resource-constraint' });
  pubsub.receive({ type: 'unsubscribe', node: node(2) });
  t.equal(subscribe(4), undefined);
});

t.test('what is not for a control node is dropped and told', async (t) => {
  const { told, take } = record();
  take('<iq type="get"/>');
  take('<message to="c/bgp-peer"><event><items node="1/1/v"><retract id="x"/></items></event></message>');
  take('<iq type="set" to="x/config"><pubsub><subscribe node="virtual-router:a:b"/></pubsub></iq>');
  take(iq('<subscribe/>'));
  t.same(told, [
    'dropped: iq of type "get"',
    'dropped: agents publish, they do not send items',
    'config-subscribe',
    'dropped: it names no instance',
  ]);
});
