// Wireshark's XMPP dissector reads what both ends of the channel write.
import { fileURLToPath } from 'node:url';
import { Namespace, run } from '@vaportrail/lab';
import t from 'tap';
import { TsharkCapture, missingTshark } from '../tshark-capture.ts';

const unavailable = missingTshark() || (await Namespace.unavailable());

t.test(
  'tshark reads both directions of the channel as XMPP, and finds nothing malformed',
  {
    skip: unavailable ?? false,
  },
  async (t) => {
    const network = await Namespace.create('xmpp');
    t.teardown(() => network.remove());
    const capture = await TsharkCapture.start(t, { port: 5269, protocol: 'xmpp' }, network);

    const conversation = fileURLToPath(new URL('./conversation.js', import.meta.url));
    const heard = await run(network, [process.execPath, conversation], 30_000);
    t.equal(heard.trim(), 'config end-of-rib items retracts', 'the conversation took place');
    await capture.stop();

    const said = capture.read('xmpp', '-T', 'fields', '-e', '_ws.col.Info');
    t.same(
      said.trim().split(/ *\n/),
      [
        'STREAM > network-control@contrailsystems.com',
        'STREAM < cent111',
        'IQ(set) PUBSUB > network-control@contrailsystems.com/config',
        'IQ(set) CONFIG < network-control@contrailsystems.com',
        'IQ(set) PUBSUB > network-control@contrailsystems.com/bgp-peer',
        'MESSAGE < network-control@contrailsystems.com',
        'IQ(set) PUBSUB > network-control@contrailsystems.com/bgp-peer',
        'MESSAGE < network-control@contrailsystems.com',
        'IQ(set) PUBSUB > network-control@contrailsystems.com/bgp-peer',
        'MESSAGE < network-control@contrailsystems.com',
        'IQ(set) PUBSUB > network-control@contrailsystems.com/bgp-peer',
      ],
      'headers, configuration, subscription, publish and withdraw with what answers them',
    );
    t.equal(capture.read('_ws.malformed').trim(), '', 'no malformed frame');

    const tree = capture.read('xmpp', '-V');
    for (const text of [
      '1/1/default-domain:k8s-default:k8s-public:k8s-public',
      '101.101.101.252/32',
      '0/0/EndOfRib',
      'default-global-system-config:cent222',
    ]) {
      t.ok(tree.includes(text), `${text} is in the tree`);
    }
  },
);
