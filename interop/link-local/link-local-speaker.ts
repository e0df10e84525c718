// A speaker with one link-local peer, in the network it is started in; prints its events, one JSON document a line.
import { Speaker } from '@vaportrail/bgp';

const [, , address = '', port = ''] = process.argv;
const speaker = new Speaker({ asn: 64512, routerId: '10.0.0.1' });
const print = (event: string, more: object): void =>
  void process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

speaker.on('established', ({ peer }) => print('established', { endpoints: peer.session.endpoints }));
speaker.on('down', ({ end }) => print('down', { text: end.text }));
speaker.on('failed', ({ end }) => print('failed', { text: end.text }));
speaker.on('route', ({ route: { prefix, nextHop, linkLocalNextHop } }) =>
  print('route', { prefix, nextHop, linkLocalNextHop }),
);
speaker.peer({ address, port: Number(port), asn: 64512, families: ['inet6'] });
speaker.announce({ prefix: '2001:db8:1::/48' });
await speaker.start();
process.once('SIGTERM', () => void speaker.stop());
