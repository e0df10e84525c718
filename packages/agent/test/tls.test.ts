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
