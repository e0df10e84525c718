/** Both ends of the channel in one process, on the ordinary port of a network of its own: everything they can say. */
import { parseAddress, parsePrefix } from '@vaportrail/net';
import {
  agentEndOfRib,
  announceStanzas,
  configObjectText,
  configStanza,
  configSubscribeStanza,
  endOfRibBody,
  itemId,
  itemsBodies,
  Pubsub,
  retractsBodies,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
  XmppClient,
  XmppServer,
  type Stanza,
  type UnicastItem,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';

const instance = 'default-domain:k8s-default:k8s-public:k8s-public';
const router = 'default-global-system-config:cent222';
const floatingIp: UnicastItem = {
  family: 'inet',
  prefix: parsePrefix('101.101.101.252/32'),
  attributes: itemAttributes({
    nextHops: [
      nextHop({
        address: parseAddress('10.169.25.20'),
        label: 25,
        encapsulations: ['gre', 'udp'],
        virtualNetwork: 'default-domain:k8s-default:k8s-public',
      }),
    ],
    mobility: { sequence: 1, sticky: false },
    securityGroups: [8000002],
    localPref: 200,
  }),
};

const heard: string[] = [];
/** Waits until the agent has heard a kind of stanza. */
async function hears(type: Stanza['type']): Promise<void> {
  while (!heard.includes(type)) await new Promise((done) => setTimeout(done, 5));
}

const server = new XmppServer({
  name: 'cent111',
  holdTime: 3,
  accept: (channel) => {
    const pubsub = new Pubsub({
      subscribe: () => channel.sendMessage([endOfRibBody]),
      unsubscribe: () => {},
      announce: (name, item) => channel.sendMessage(itemsBodies(item.family, name, [item])),
      withdraw: (name, item) => channel.sendMessage(retractsBodies(item.family, name, [itemId(item)])),
      endOfRib: () => {},
      config: () =>
        channel.send([
          configStanza(router, {
            updates: [
              configObjectText({ kind: 'node', type: 'virtual-router', name: router, properties: [] }),
            ],
          }),
        ]),
    });
    return {
      stanza: (stanza) => {
        const error = pubsub.receive(stanza);
        if (error !== undefined) channel.close(error);
      },
      down: () => {},
    };
  },
});
await server.listen({ address: '127.0.0.1', port: 5269 });
const client = new XmppClient({
  name: 'cent222',
  server: { address: '127.0.0.1', port: 5269 },
  holdTime: 3,
  handlers: { stanza: ({ type }) => heard.push(type), down: () => {} },
});
client.start();
const { channel } = client;
while (channel.state !== 'established') await new Promise((done) => setTimeout(done, 5));
channel.send([configSubscribeStanza('cent222', `virtual-router:${router}`)]);
await hears('config');
channel.send([subscribeStanza('cent222', instance, 9, 1)]);
await hears('end-of-rib');
channel.send([announceStanzas('cent222', instance, floatingIp, 2)]);
await hears('items');
channel.send([withdrawStanzas('cent222', instance, floatingIp, 3), agentEndOfRib('cent222')]);
await hears('retracts');
while (channel.counters.receivedKeepalives < 1) await new Promise((done) => setTimeout(done, 5));
channel.send([unsubscribeStanza('cent222', instance, 9, 4)]);
while (server.channels.get('cent222')?.counters.receivedStanzas !== 9)
  await new Promise((done) => setTimeout(done, 5));
client.stop();
while (server.channels.size > 0) await new Promise((done) => setTimeout(done, 5));
await server.close();
process.stdout.write(`${heard.join(' ')}\n`);
