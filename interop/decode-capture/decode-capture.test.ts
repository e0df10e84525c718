// A session with GoBGP, captured by dumpcap: `vaportrail decode pcap` reads out of the file what tshark reads.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Speaker } from '@vaportrail/bgp';
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import t from 'tap';

t.setTimeout(60_000);
const run = promisify(execFile);
const vaportrail = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const PORT = 1790;
const found = findGobgp();
const skip = 'missing' in found ? found.missing : captureMissing();

/** Why nothing can be captured here, `false` when it can. */
function captureMissing(): string | false {
  if (process.getuid?.() !== 0) return 'capturing needs root';
  for (const path of ['/usr/bin/dumpcap', '/usr/bin/tshark']) {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      return `${path} is not installed`;
    }
  }
  return false;
}

interface Document {
  readonly type: string;
  readonly source: string;
  readonly problems: readonly unknown[];
  readonly routes?: readonly {
    op: string;
    rd?: string;
    prefix: string;
    labels?: number[];
    nextHop: string;
  }[];
}

t.test('what passes between a speaker and GoBGP is read out of a capture', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [own, peer] = [block.take(), block.take()];
  const file = join(t.testdir({}), 'session.pcapng');
  const dumpcap = spawn('/usr/bin/dumpcap', [
    '-q',
    '-i',
    'lo',
    '-f',
    `host ${own} and port ${PORT}`,
    '-w',
    file,
  ]);
  t.teardown(() => dumpcap.kill());
  await new Promise<void>((resolve) => {
    dumpcap.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('File:')) resolve();
    });
  });
  const gobgp = await Gobgp.start({
    asn: 65002,
    routerId: '10.0.0.3',
    address: peer,
    neighbors: [{ address: own, asn: 65001, families: ['ipv4-unicast', 'l3vpn-ipv4-unicast'] }],
  });
  t.teardown(() => gobgp.stop());

  const speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
  speaker.peer({ address: peer, localAddress: own, port: PORT, asn: 65002, families: ['inet', 'inet-vpn'] });
  const nextHop = '192.0.2.1';
  speaker.announce({ prefix: '203.0.113.0/24', nextHop, attributes: {} });
  speaker.announce({ rd: '10.1.1.1:1', prefix: '10.9.0.1/32', labels: [1001], nextHop, attributes: {} });
  await speaker.start();
  await gobgp.process.answers(async () => (await gobgp.paths('10.9.0.1/32'))[0], 20_000);
  await speaker.stop('captured');
  await new Promise((resolve) => setTimeout(resolve, 1000)); // dumpcap writes what it has once a second
  dumpcap.kill('SIGINT');
  await once(dumpcap, 'exit');

  const { stdout } = await run(process.execPath, [
    vaportrail,
    'decode',
    'pcap',
    '--port',
    String(PORT),
    file,
  ]);
  const documents = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Document);
  t.same(
    documents.filter(({ problems }) => problems.length > 0),
    [],
    'no message has a problem',
  );
  const tshark = await run('/usr/bin/tshark', [
    '-r',
    file,
    '-d',
    `tcp.port==${PORT},bgp`,
    '-T',
    'fields',
    '-e',
    'bgp.type',
  ]);
  const types = ['', 'open', 'update', 'notification', 'keepalive', 'route-refresh'];
  const theirs = tshark.stdout
    .split(/[\s,]+/)
    .filter((number) => number !== '')
    .map((number) => types[Number(number)]);
  t.same(documents.map(({ type }) => type).sort(), theirs.sort(), 'the messages are those that tshark finds');
  const announced = documents.flatMap(({ source, routes = [] }) => (source.startsWith(own) ? routes : []));
  t.match(
    announced.filter(({ op }) => op === 'announce').sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
    [
      { rd: '10.1.1.1:1', prefix: '10.9.0.1/32', labels: [1001], nextHop },
      { prefix: '203.0.113.0/24', nextHop },
    ],
  );
});
