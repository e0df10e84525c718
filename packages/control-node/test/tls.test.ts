// TLS between agents and a control node: a real handshake with certificates made by openssl.
import { spawnSync } from 'node:child_process';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@vaportrail/net';
import { Recorder, Run } from '@vaportrail/show/recording';
import { makeCertificates, subscribeStanza } from '@vaportrail/xmpp';
import t from 'tap';

import { ControlNodeReplay } from '../src/replay.ts';
import { RED, agent, controlNode, eventually } from './running.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
const header =
  '<stream:stream from="compute-1" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >';
const starttls = '<?xml version="1.0"?>\n<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls" />\n';

/** Resolves once what a socket says matches. */
function hears(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!pattern.test(text)) return;
      socket.off('data', look);
      resolve(text);
    };
    socket.on('data', look);
    socket.once('close', () => reject(new Error(`closed after ${text}`)));
    socket.once('error', () => {});
  });
}

t.test('header, features, starttls, proceed, handshake, header: then stanzas', { skip }, async (t) => {
  const paths = await makeCertificates(join(t.testdir(), 'tls'), ['ctrl-1', 'compute-1', 'compute-2']);
  const { certificate, key, authority } = paths.get('ctrl-1')!;
  const recording = join(t.testdirName, 'run.ndjson');
  const recorder = new Recorder(recording, { clock: systemClock });
  const node = await controlNode(
    t,
    { xmpp: { listen: { address: '127.0.0.1', port: 0 }, tls: { certificate, key, authority } } },
    { recorder },
  );
  const raw = connect({ host: '127.0.0.1', port: node.xmppAddress!.port });
  t.teardown(() => raw.destroy());
  raw.write(header);
  const features = await hears(raw, /<\/stream:features>/);
  t.match(
    features,
    /^<stream:stream from="ctrl-1" to="compute-1" id="\+\+123" .*"  ><stream:features><starttls [^>]*><required \/><\/starttls>/,
  );
  t.same(node.neighbors(), [], 'nobody has a session before TLS');
  raw.write(starttls);
  await hears(raw, /<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls" \/>/);
  const own = paths.get('compute-1')!;
  const tls = connectTls({
    socket: raw,
    ca: readFileSync(own.authority),
    cert: readFileSync(own.certificate),
    key: readFileSync(own.key),
    checkServerIdentity: () => undefined,
  });
  await new Promise((resolve, reject) => tls.once('secureConnect', resolve).once('error', reject));
  tls.write(header);
  await hears(tls, /^<stream:stream from="ctrl-1" /);
  tls.write(subscribeStanza('compute-1', RED, 4));
  await eventually(() => (node.neighbors()[0]?.subscriptions?.length === 1 ? true : undefined));
  t.match(node.neighbors(), [{ name: 'compute-1', state: 'Established' }]);

  const plain = await agent(t, node, 'compute-2');
  plain.subscribe(RED, 7);
  await plain.closed;
  t.match(plain.received, '<policy-violation ', 'an agent without TLS gets no session');
  t.equal(node.neighbors().length, 1);

  const stranger = connect({ host: '127.0.0.1', port: node.xmppAddress!.port });
  t.teardown(() => stranger.destroy());
  stranger.write(header.replace('compute-1', 'compute-3'));
  await hears(stranger, /<\/stream:features>/);
  stranger.write(starttls);
  await hears(stranger, /<proceed/);
  const anonymous = connectTls({ socket: stranger, rejectUnauthorized: false });
  anonymous.on('error', () => {});
  anonymous.write(header.replace('compute-1', 'compute-3'));
  await new Promise((resolve) => stranger.once('close', resolve));
  t.equal(node.neighbors().length, 1, 'and neither has one without a certificate');

  // What came inside TLS is recorded as it was inside, so that a replay needs no keys.
  let replay: ControlNodeReplay | undefined;
  for await (const record of (await Run.find(recording)).records()) {
    if (record.type === 'start') await (replay = new ControlNodeReplay(record)).start();
    await replay!.apply(record);
  }
  t.match(replay!.node.neighbors(), [
    { name: 'compute-1', subscriptions: [{ instance: RED, instanceId: 4 }] },
  ]);
});
