import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { encodeUpdate } from '../src/wire/index.ts';
import { LinePrinter, MrtError, MrtStream, encodeMessageLog } from '../src/mrt/index.ts';
import { readMrt, readMrtPaths, type MrtInput } from '../src/mrt-file/index.ts';

const corpus = fileURLToPath(new URL('../../../../../shared/corpora/mrt', import.meta.url));
const hasCorpus = existsSync(corpus);

/** bgpdump leaves VPN routes out; we print them with their route distinguisher. */
const routeDistinguished = /^(?:[^|]*\|){5}[\d.]+:\d+:[\d.]+\//;

async function linesOf(path: string): Promise<string> {
  let text = '';
  const printer = new LinePrinter((lines) => {
    text += lines.toString('latin1');
  });
  for await (const record of readMrt(path)) printer.print(record);
  printer.flush();
  return text;
}

t.test(
  'real files print the lines that bgpdump prints',
  { skip: hasCorpus ? false : 'no ../shared/corpora/mrt' },
  async (t) => {
    for (const name of readdirSync(corpus).filter((file) => !file.endsWith('.txt'))) {
      const expected = readFileSync(join(corpus, `${name}.bgpdump-m.txt`), 'latin1').split('\n');
      const printed = (await linesOf(join(corpus, name))).split('\n');
      const found = printed.filter((line) => !routeDistinguished.test(line));
      const different = expected.findIndex((line, i) => line !== found[i]);
      t.equal(found[different], expected[different], `${name}, line ${different + 1}`);
      t.equal(found.length, expected.length, `${name}: as many lines`);
    }
  },
);

t.test(
  'a file cut anywhere gives what is whole and then says where it is cut',
  { skip: hasCorpus ? false : 'no ../shared/corpora/mrt' },
  async (t) => {
    const whole = readFileSync(join(corpus, 't2mune+mrtparse__samples__quagga_rib'));
    const dir = t.testdir({});
    for (let length = 1; length < whole.length; length += 41) {
      const path = join(dir, 'cut');
      writeFileSync(path, whole.subarray(0, length));
      let records = 0;
      try {
        for await (const record of readMrt(path)) records += record.end > 0 ? 1 : 0;
      } catch (error) {
        t.ok(error instanceof MrtError, `${length} octets, ${records} records: ${(error as Error).message}`);
      }
    }
  },
);

t.test('an empty file holds no records', async (t) => {
  const path = join(t.testdir({ empty: '' }), 'empty');
  t.equal(await linesOf(path), '');
});

t.test('a lying length is refused before anything is allocated for it', async (t) => {
  const stream = new MrtStream();
  stream.push(Uint8Array.from([0, 0, 0, 1, 0, 13, 0, 2, 0xff, 0xff, 0xff, 0xff]));
  t.throws(() => stream.next(), MrtError);
});

t.test('a damaged gzip file ends in an error that names the octet', async (t) => {
  const packed = gzipSync(Buffer.from([0, 0, 0, 1, 0, 11, 0, 0, 0, 0, 0, 0]));
  packed[packed.length - 6]! ^= 0xff;
  const path = join(t.testdir({}), 'damaged.gz');
  writeFileSync(path, packed);
  await t.rejects(linesOf(path), /damaged/);
});

/** A log of one message. */
function logOf(message: Uint8Array): Buffer {
  const session = {
    peerAsn: 65001,
    localAsn: 65002,
    peer: '192.0.2.1',
    local: '192.0.2.2',
    interfaceIndex: 0,
  };
  const { subtype, body } = encodeMessageLog(session, message, { asn4: true, addPath: false, sent: false });
  const header = Buffer.alloc(12);
  header.writeUInt32BE(1_700_000_000, 0);
  header.writeUInt16BE(16, 4);
  header.writeUInt16BE(subtype, 6);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}

const update = encodeUpdate({
  routes: [
    { op: 'withdraw', afi: 1, safi: 1, pathId: null, prefix: '198.51.100.0/24' },
    { op: 'announce', afi: 1, safi: 1, pathId: null, prefix: '203.0.113.0/24', nextHop: '192.0.2.1' },
  ],
  attributes: { origin: 'igp', asPath: [65001, { set: [64512, 64513] }], communities: ['65001:1'] },
});

async function pathsOf(from: MrtInput): Promise<(string | undefined)[][]> {
  const paths: (string | undefined)[][] = [];
  for await (const path of readMrtPaths(from)) {
    const prefix = path.type === 'state' ? undefined : path.prefix;
    paths.push([path.type, prefix, path.type === 'announce' ? path.asPath : undefined]);
  }
  return paths;
}

t.test('the paths of a file are read one by one, from its name or from chunks of it', async (t) => {
  const packed = gzipSync(logOf(update));
  const path = join(t.testdir({}), 'updates.gz');
  writeFileSync(path, packed);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const octet of packed) yield Uint8Array.of(octet);
  }
  const expected = [
    ['withdraw', '198.51.100.0/24', undefined],
    ['announce', '203.0.113.0/24', '65001 {64512,64513}'],
  ];
  t.same(await pathsOf(path), expected);
  t.same(await pathsOf(new Blob([packed]).stream()), expected, 'a stream of the web');
  t.same(await pathsOf(chunks()), expected, 'octet by octet');
});

t.test('what goes wrong with the sequence of chunks itself comes out as it is', async (t) => {
  const reset = new Error('the connection was reset');
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield logOf(update);
    throw reset;
  }
  await t.rejects(pathsOf(chunks()), reset);
  await t.rejects(pathsOf('/nowhere'), { code: 'ENOENT' });
});

t.test('a record that is cut off inside ends in an error that names its octet', async (t) => {
  const log = logOf(new Uint8Array(0)).subarray(0, 20);
  log.writeUInt32BE(8, 8);
  await t.rejects(pathsOf(new Blob([log]).stream()), { name: 'MrtError', offset: 0 });
});
