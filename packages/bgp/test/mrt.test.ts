import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { LinePrinter, MrtError, MrtStream } from '../src/mrt/index.ts';
import { readMrt } from '../src/mrt-file/index.ts';

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
