import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type CertificatePaths, XmppServer, makeCertificates, readTlsFiles } from '@vaportrail/xmpp';
import t from 'tap';
import { Agent } from '../src/agent.ts';
import { until } from './reflector.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

t.test(
  'an agent with certificates has a session with control nodes of its authority alone',
  { skip },
  async (t) => {
    const folder = t.testdir();
    const ours = await makeCertificates(join(folder, 'ours'), ['ctrl-1', 'compute-1']);
    const theirs = await makeCertificates(join(folder, 'theirs'), ['ctrl-1']);
    const serve = async (paths: CertificatePaths): Promise<number> => {
      const server = new XmppServer({
        name: 'ctrl-1',
        tls: readTlsFiles(paths),
        accept: () => ({ stanza() {}, down() {} }),
      });
      t.teardown(() => server.close());
      return (await server.listen({ address: '127.0.0.1', port: 0 })).port;
    };
    const ports = [await serve(ours.get('ctrl-1')!), await serve(theirs.get('ctrl-1')!)];
    const agent = Agent.from({
      name: 'compute-1',
      address: '10.1.1.3',
      'control-nodes': ports.map((port) => ({ address: '127.0.0.1', port })),
      tls: ours.get('compute-1')!,
    });
    t.teardown(() => agent.stop());
    await agent.start();
    await until(
      'a session, and a refusal',
      () => agent.peers[0]!.state === 'established' && agent.peers[1]!.lastError !== undefined,
    );
    t.ok(agent.peers[0]!.channel!.secure);
    t.match(agent.peers[1]!.lastError, /certificate/);
    t.throws(
      () =>
        Agent.from({
          name: 'compute-1',
          address: '10.1.1.3',
          'control-nodes': [{ address: '127.0.0.1' }],
          tls: { certificate: '/no/such.pem', key: '/no/such.key' },
        }),
      /\/no\/such\.pem/,
    );
  },
);

t.test('an agent takes for a control node only who has the certificate of its name', { skip }, async (t) => {
  const ours = await makeCertificates(join(t.testdir(), 'ours'), ['ctrl-1', 'compute-1', 'compute-2']);
  const server = new XmppServer({
    name: 'compute-2',
    tls: readTlsFiles(ours.get('compute-2')!),
    accept: () => ({ stanza() {}, down() {} }),
  });
  t.teardown(() => server.close());
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  const agent = Agent.from({
    name: 'compute-1',
    address: '10.1.1.3',
    'control-nodes': [
      { address: '127.0.0.1', port, name: 'ctrl-1' },
      { address: '127.0.0.1', port },
    ],
    tls: ours.get('compute-1')!,
  });
  t.teardown(() => agent.stop());
  await agent.start();
  const [wary, trusting] = agent.peers;
  await until(
    'a refusal, and a session',
    () => wary!.lastError !== undefined && trusting!.state === 'established',
  );
  t.equal(wary!.lastError, 'the certificate is of compute-2, not of ctrl-1');
});

t.test('the name of a control node needs certificates that are checked', async (t) => {
  const from = (tls: object): Agent =>
    Agent.from({
      name: 'compute-1',
      address: '10.1.1.3',
      'control-nodes': [{ address: '127.0.0.1', name: 'ctrl-1' }],
      ...tls,
    });
  const files = { certificate: '/no/such.pem', key: '/no/such.key' };
  t.throws(() => from({}), /needs tls with an authority/);
  t.throws(() => from({ tls: files }), /needs tls with an authority/);
  t.throws(() => from({ tls: { ...files, authority: '/no/ca.pem', names: 'any' } }), /needs tls/);
  t.throws(() => from({ tls: { ...files, names: 'host' } }), /needs an authority/);
});
