import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import { makeCertificates, readTlsFiles, subscribeStanza, type TlsFiles } from '../src/index.ts';
import { connectStranger, isUp, runAgent, runServer, until } from './loopback.ts';
import { agentHeader } from './recorded-stream.ts';

/** A certificate for a name, of the authority in a folder, that was good until yesterday. */
function expiredCertificate(folder: string, name: string): Pick<TlsFiles, 'certificate' | 'key'> {
  const path = (end: string): string => join(folder, `${name}${end}`);
  const signing = ['-CA', join(folder, 'ca.pem'), '-CAkey', join(folder, 'ca.key'), '-CAcreateserial'];
  const request = ['x509', '-req', '-days', '-1', '-in', path('.csr'), ...signing, '-out', path('-late.pem')];
  const { status, stderr } = spawnSync('openssl', request);
  if (status !== 0) throw new Error(String(stderr));
  return { certificate: readFileSync(path('-late.pem'), 'utf8'), key: readFileSync(path('.key'), 'utf8') };
}

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

t.test('TLS on the channel', { skip }, async (t) => {
  const folder = t.testdir();
  const names = ['ctrl-1', 'compute-1'];
  const paths = await makeCertificates(join(folder, 'ours'), names);
  const [server1, agent1] = names.map((name) => readTlsFiles(paths.get(name)!)) as [TlsFiles, TlsFiles];
  const strangers = await makeCertificates(join(folder, 'theirs'), ['compute-1']);
  const forged = { ...readTlsFiles(strangers.get('compute-1')!), authority: agent1.authority };

  t.test('an agent and a control node know each other by their authority', async (t) => {
    const { server, port, ups, stanzas } = await runServer({ tls: server1 });
    const agent = runAgent('compute-1', port, { tls: agent1 });
    await until(() => isUp(agent));
    t.ok(ups[0]?.secure);
    t.ok(agent.client.channel.secure);
    t.equal(ups[0]?.name, 'compute-1');
    agent.client.channel.send([subscribeStanza('compute-1', 'v', 1)]);
    await until(() => stanzas.length === 1);
    agent.client.stop();
    await server.close();
  });

  t.test('an agent returns over TLS when its session is lost', async (t) => {
    const { server, port, ups } = await runServer({ tls: server1 });
    const agent = runAgent('compute-1', port, { tls: agent1 });
    await until(() => isUp(agent));
    ups[0]?.close();
    await until(() => ups.length === 2 && isUp(agent));
    t.ok(agent.client.channel.secure);
    agent.client.stop();
    await server.close();
  });

  t.test('a certificate of another authority is refused, on either side', async (t) => {
    const { server, port, ups } = await runServer({ tls: server1 });
    const agent = runAgent('compute-1', port, { tls: forged });
    await until(() => agent.ends.length > 0);
    agent.client.stop();
    t.same(ups, []);
    await server.close();

    const impostor = await runServer({ tls: { ...forged, authority: agent1.authority } });
    const victim = runAgent('compute-1', impostor.port, { tls: agent1 });
    await until(() => victim.ends.length > 0);
    t.match(victim.ends[0]?.because, /certificate/);
    victim.client.stop();
    t.same(impostor.ups, []);
    await impostor.server.close();
  });

  t.test('a node cannot take the name of another with its own certificate', async (t) => {
    const refused: string[] = [];
    const { server, port, ups, downs } = await runServer({
      tls: server1,
      refused: (_address, because) => void refused.push(because),
    });
    const rightful = runAgent('compute-1', port, { tls: agent1 });
    await until(() => isUp(rightful));
    const impostor = runAgent('compute-1', port, { tls: server1 });
    await until(() => impostor.ends.length > 0);
    impostor.client.stop();
    t.equal(
      impostor.ends[0]?.because,
      'the peer reports invalid-from: the certificate is of ctrl-1, not of compute-1',
    );
    t.same(refused, ['the certificate is of ctrl-1, not of compute-1'], 'the control node tells of it');
    const renamed = runAgent('compute-2', port, { tls: agent1 });
    await until(() => renamed.ends.length > 0);
    renamed.client.stop();
    t.equal(ups.length, 1);
    t.same(downs, [], 'the session of the rightful owner does not notice');
    rightful.client.stop();
    await server.close();
  });

  t.test(
    'a certificate may be of a full host name, or of any name, where the control node says so',
    async (t) => {
      const made = await makeCertificates(join(folder, 'ours'), ['compute-7.example.com']);
      const tls = readTlsFiles(made.get('compute-7.example.com')!);
      for (const [peerNames, name] of [
        ['host', 'compute-7'],
        ['any', 'somebody'],
      ] as const) {
        const { server, port } = await runServer({ tls: server1, peerNames });
        const agent = runAgent(name, port, { tls });
        await until(() => isUp(agent));
        t.same([...server.channels.keys()], [name], peerNames);
        agent.client.stop();
        await server.close();
      }
    },
  );

  t.test('a node cannot be a control node of another name with its own certificate', async (t) => {
    const impostor = await runServer({ name: 'ctrl-1', tls: agent1 });
    const victim = runAgent('ctrl-1', impostor.port, { tls: server1 });
    await until(() => victim.ends.length > 0);
    t.equal(victim.ends[0]?.because, 'the certificate is of compute-1, not of ctrl-1');
    t.notOk(isUp(victim));
    victim.client.stop();
    const careless = runAgent('ctrl-1', impostor.port, { tls: server1, peerNames: 'any' });
    await until(() => isUp(careless));
    careless.client.stop();
    await impostor.server.close();
  });

  t.test(
    'an agent that knows the name of its control node takes no other node of the authority',
    async (t) => {
      const frank = await runServer({ name: 'compute-1', tls: agent1, peerNames: 'any' });
      const server = { address: '127.0.0.1', port: frank.port };
      const trusting = runAgent('compute-1', frank.port, { tls: agent1 });
      await until(() => isUp(trusting));
      trusting.client.stop();
      const wary = runAgent('compute-1', frank.port, { tls: agent1, server: { ...server, name: 'ctrl-1' } });
      await until(() => wary.ends.length > 0);
      t.equal(wary.ends[0]?.because, 'the certificate is of compute-1, not of ctrl-1');
      wary.client.stop();
      await frank.server.close();

      const right = await runServer({ name: 'somebody', tls: server1 });
      const named = { address: '127.0.0.1', port: right.port, name: 'ctrl-1' };
      const agent = runAgent('compute-1', right.port, { tls: agent1, server: named });
      await until(() => isUp(agent));
      agent.client.stop();
      await right.server.close();
    },
  );

  t.test('a certificate whose time is over is refused, on either side', async (t) => {
    const expired = expiredCertificate(join(folder, 'ours'), 'compute-1');
    const refused: string[] = [];
    const { server, port, ups } = await runServer({
      tls: server1,
      refused: (_address, because) => void refused.push(because),
    });
    const agent = runAgent('compute-1', port, { tls: { ...expired, authority: agent1.authority } });
    await until(() => refused.length > 0);
    t.match(refused[0], /the TLS handshake failed.*certificate/, 'the control node tells of it');
    agent.client.stop();
    t.same(ups, []);
    await server.close();

    const late = await runServer({ tls: { ...expired, authority: server1.authority } });
    const waiting = runAgent('compute-1', late.port, { tls: agent1 });
    await until(() => waiting.ends.length > 0);
    t.match(waiting.ends[0]?.because, /certificate has expired/);
    waiting.client.stop();
    t.same(late.ups, []);
    await late.server.close();
  });

  t.test('an agent without a certificate is refused, and the control node tells why', async (t) => {
    const refused: string[] = [];
    const { server, port, ups } = await runServer({
      tls: server1,
      refused: (_address, because) => void refused.push(because),
    });
    const plain = await connectStranger(port);
    plain.socket.write(agentHeader);
    await until(() => plain.text().includes('</stream:features>'));
    plain.socket.write('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>');
    await until(() => plain.text().includes('<proceed'));
    const bare = connectTls({ socket: plain.socket, rejectUnauthorized: false });
    bare.on('error', () => {});
    await until(() => refused.length > 0);
    t.match(refused[0], /did not return a certificate|certificate required/i);
    t.same(ups, []);
    bare.destroy();
    await server.close();
  });

  t.test('a plain agent is told that TLS is required, and gets no further', async (t) => {
    const { server, port, ups } = await runServer({ tls: server1 });
    const plain = await connectStranger(port);
    plain.socket.write(agentHeader);
    await until(() => plain.text().includes('</stream:features>'));
    t.match(
      plain.text(),
      '<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required /></starttls></stream:features>',
    );
    plain.socket.write('<iq type="get"/>');
    await until(() => plain.closed);
    t.match(plain.text(), '<policy-violation ');
    t.same(ups, []);
    await server.close();
  });

  t.test('octets smuggled behind starttls are not read as if they had come inside TLS', async (t) => {
    const { server, port, ups, stanzas } = await runServer({ tls: server1 });
    const plain = await connectStranger(port);
    plain.socket.write(agentHeader);
    await until(() => plain.text().includes('</stream:features>'));
    plain.socket.write(
      `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>${agentHeader.toString()}<iq type="get"/>`,
    );
    await until(() => plain.closed);
    t.same([ups, stanzas], [[], []]);
    await server.close();
  });

  t.test('a handshake that does not come to an end, or is none, is closed', async (t) => {
    const { server, port } = await runServer({ tls: server1 });
    const plain = await connectStranger(port);
    plain.socket.write(agentHeader);
    await until(() => plain.text().includes('</stream:features>'));
    plain.socket.write('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>');
    await until(() => plain.text().includes('<proceed'));
    plain.socket.write('this is no handshake');
    await until(() => plain.closed);
    await until(() => server.pending === 0);
    t.equal(server.counters.rejected, 1);
    await server.close();
  });

  t.test('an agent without TLS does not talk to a control node that asks for it', async (t) => {
    const { server, port, ups } = await runServer({ tls: server1 });
    const agent = runAgent('compute-1', port);
    await until(() => agent.ends.length > 0);
    t.match(agent.ends[0]?.because, /both ends must agree on TLS/);
    agent.client.stop();
    t.same(ups, []);
    await server.close();
  });

  t.test('a name before TLS is only a claim', async (t) => {
    const { server, port, ups } = await runServer({ tls: server1 });
    const agent = runAgent('compute-1', port, { tls: agent1 });
    await until(() => ups.length === 1);
    const claim = await connectStranger(port);
    claim.socket.write(agentHeader);
    await until(() => claim.text().includes('</stream:features>'));
    t.equal(agent.downs.length, 0);
    claim.socket.destroy();
    agent.client.stop();
    await server.close();
  });
});

t.test('names of nodes are names of files', async (t) => {
  for (const name of ['', '../x', 'ca', '-x', 'a b'])
    await t.rejects(makeCertificates('/nonexistent', [name]), RangeError);
});
