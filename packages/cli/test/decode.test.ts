import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const vaportrail = fileURLToPath(new URL('../../bin/vaportrail.js', import.meta.url));
const keepalive = `${'ff'.repeat(16)}001304`;
const update =
  `${'ff'.repeat(16)}0036020000001b` +
  '40010100' +
  '40020602010000fde8' +
  '4003040a010101' +
  '40050400000064' +
  '18c63364';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [vaportrail, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

const documents = (stdout: string): { type: string; problems: unknown[] }[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; problems: unknown[] });

t.test('lines of hexadecimal and of JSON are decoded in order, and counted', async (t) => {
  const lines = [
    keepalive,
    '',
    JSON.stringify({ hex: update, context: { asn4: true, addpath: false, ibgp: true }, id: 'mine' }),
    keepalive.replace(/../g, '$&:').slice(0, -1),
    keepalive.slice(2),
  ];
  const { code, stdout, stderr } = await run(['decode', 'bgp'], lines.join('\n'));
  t.equal(code, 0);
  t.same(
    documents(stdout).map(({ type }) => type),
    ['keepalive', 'update', 'keepalive', 'error'],
  );
  t.match(stderr, /^4 messages decoded, 1 with problems, \d+ per second \(\d+ per second of CPU time\)\n$/);
});

t.test('a line that holds no message is named, and the others are decoded', async (t) => {
  const lines = [
    keepalive,
    'nonsense',
    '{"hex": 7}',
    '{"hex":',
    `{"hex": "${keepalive}", "context": {"asn4": 4}}`,
    keepalive,
  ];
  const { code, stdout, stderr } = await run(['decode', 'bgp'], lines.join('\n'));
  t.equal(code, 1);
  t.same(
    documents(stdout).map(({ type }) => type),
    ['keepalive', 'error', 'error', 'error', 'error', 'keepalive'],
  );
  t.match(stderr, /standard input:2: an odd|standard input:2: .*hexadecimal/);
  t.match(stderr, /standard input:3: "hex" is missing/);
  t.match(stderr, /standard input:5: "context.asn4" is not true, false or null/);
  t.match(stderr, /2 messages decoded, 0 with problems, 4 lines unreadable/);
});

t.test('hexadecimal is taken however it is written, and a line without end ends nothing', async (t) => {
  const lines = [
    `\ufeff${keepalive.toUpperCase()}\r`,
    ' \r',
    `0x${keepalive}  `,
    keepalive.replace(/..../g, '$& '),
    JSON.stringify({ context: null, hex: keepalive.toUpperCase() }),
    'f'.repeat(5 * 1024 * 1024),
    keepalive,
  ];
  const { code, stdout, stderr } = await run(['decode', 'bgp'], lines.join('\n'));
  t.equal(code, 1);
  t.same(
    documents(stdout).map(({ type }) => type),
    ['keepalive', 'keepalive', 'keepalive', 'keepalive', 'error', 'keepalive'],
  );
  t.match(stderr, /standard input:6: the line is too long/);
});

t.test('files are read one after another, and a missing one ends with an error', async (t) => {
  const folder = t.testdir({ one: `${keepalive}\n`, two: update });
  const { stdout } = await run(['decode', 'bgp', join(folder, 'one'), join(folder, 'two')]);
  t.same(
    documents(stdout).map(({ type }) => type),
    ['keepalive', 'update'],
  );
  const { code, stderr } = await run(['decode', 'bgp', join(folder, 'three')]);
  t.equal(code, 1);
  t.match(stderr, /three/);
});

t.test('encode gives back what decode read', async (t) => {
  const decoded = await run(['decode', 'bgp'], `${update}\n`);
  const encoded = await run(['encode'], decoded.stdout);
  t.equal(encoded.stdout, `${update}\n`);
  t.equal(encoded.code, 0);
});

t.test('encode names what is wrong with a document', async (t) => {
  const lines = [
    '{"type":"open"}',
    '{"routes":[{"op":"announce","afi":1,"safi":128,"pathId":null,"prefix":"10.0.0.0/8","nextHop":"10.1.1.1"}]}',
    '{"attributes":{"origin":"nowhere"}}',
    '{"attributes":{"colour":1}}',
    '{"routes":5}',
    '[]',
    'nonsense',
    '{"routes":[{"op":"withdraw","afi":1,"safi":1,"prefix":"10.0.0.0/8"}]}',
  ];
  const { code, stdout, stderr } = await run(['encode'], lines.join('\n'));
  t.equal(code, 1);
  t.equal(stdout.trim().split('\n').length, 1);
  t.match(stderr, /:1: a message of type "open" is not encoded/);
  t.match(stderr, /:2: .*label/);
  t.match(stderr, /:3: origin: "nowhere" is not an origin/);
  t.match(stderr, /:4: no attribute is named "colour"/);
  t.equal(stderr.trim().split('\n').length, 7, stderr);
});

t.test('a capture that is none ends with an error', async (t) => {
  const path = join(t.testdir({}), 'file');
  writeFileSync(path, Buffer.alloc(100));
  const { code, stderr } = await run(['decode', 'pcap', path]);
  t.equal(code, 1);
  t.match(stderr, /file: neither pcap nor pcapng/);
});

t.test('a reader that leaves early is no failure', async (t) => {
  const child = spawn(process.execPath, [vaportrail, 'decode', 'bgp'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.stdout.destroy());
  child.stdin.on('error', () => {});
  child.stdin.end(`${update}\n`.repeat(20_000));
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.equal(code, 0);
});
