// Wireshark's XMPP dissector reads what both ends of the channel write.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Namespace, run } from '@vaportrail/lab';
import t from 'tap';

const tshark = '/usr/bin/tshark';
const unavailable = existsSync(tshark)
  ? await Namespace.unavailable()
  : 'tshark is not installed (Debian: apt-get install tshark)';

t.test(
  'tshark reads both directions of the channel as XMPP, and finds nothing malformed',
  {
    skip: unavailable ?? false,
  },
  async (t) => {
    const network = await Namespace.create('xmpp');
    t.teardown(() => network.remove());
    const folder = mkdtempSync(join(tmpdir(), 'vaportrail-xmpp-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const capture = join(folder, 'xmpp.pcapng');
    const [program, ...args] = network.command([
      tshark,
      '-q',
      '-i',
      'lo',
      '-f',
      'tcp port 5269',
      '-w',
      capture,
    ]);
    const recorder = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    t.teardown(() => recorder.kill('SIGKILL'));
    await new Promise<void>((started) => {
      recorder.stderr.on('data', (chunk: Buffer) => {
        if (chunk.includes('Capturing')) started();
      });
    });
    await sleep(1500); // it says so before it does so

    const conversation = fileURLToPath(new URL('./conversation.js', import.meta.url));
    const heard = await run(network, [process.execPath, conversation], 30_000);
    t.equal(heard.trim(), 'config end-of-rib items retracts', 'the conversation took place');
    await sleep(500);
    recorder.kill('SIGINT');
    await new Promise((exited) => recorder.once('exit', exited));

    const read = (...options: string[]): string =>
      execFileSync(tshark, ['-r', capture, '-d', 'tcp.port==5269,xmpp', ...options], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const said = read('-Y', 'xmpp', '-T', 'fields', '-e', '_ws.col.Info');
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
    t.equal(read('-Y', '_ws.malformed').trim(), '', 'no malformed frame');

    const tree = read('-Y', 'xmpp', '-V');
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
