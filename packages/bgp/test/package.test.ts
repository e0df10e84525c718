// `@vaportrail/net` and `@vaportrail/bgp` as a stranger gets them: packed, installed into an empty folder, imported.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

t.setTimeout(240_000);
const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vaportrail-package-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Packs a folder as `npm publish` would, without running its scripts. */
async function pack(path: string): Promise<Packed> {
  const args = ['pack', path, '--json', '--ignore-scripts', '--pack-destination', folder, '--loglevel=error'];
  const { stdout } = await run('npm', args, { cwd: root });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  return { tarball: join(folder, packed!.filename), files: packed!.files.map((file) => file.path) };
}

const packages = {
  net: await pack('./packages/net'),
  bgp: await pack('./packages/bgp'),
};

for (const [name, { files, tarball }] of Object.entries(packages)) {
  t.test(`${name} has its code, its sources, its README and its licence, and nothing else`, async (t) => {
    const rest = files.filter((file) => !/^(dist\/src|src)\/.*\.(js|d\.ts|map|ts)$/.test(file)).sort();
    const schema = name === 'bgp' ? ['decoded-document.schema.json'] : [];
    t.same(rest, ['LICENSE', 'README.md', ...schema, 'package.json']);
    const folderOfPackage = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folderOfPackage, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    for (const target of Object.values(manifest.exports)) {
      for (const file of typeof target === 'string' ? [target] : Object.values(target)) {
        t.ok(files.includes(file.replace('./', '')), `${file} is exported and packed`);
      }
    }
    for (const file of files.filter((one) => one.endsWith('.js.map'))) {
      const { sources } = JSON.parse(readFileSync(join(folderOfPackage, file), 'utf8')) as {
        sources: string[];
      };
      for (const source of sources) {
        const path = join(dirname(file), source);
        if (!files.includes(path)) t.fail(`${file} points to ${path}, which is not packed`);
      }
    }
  });

  t.test(`publint and are-the-types-wrong have nothing to say about ${name}`, async (t) => {
    const bin = join(root, 'node_modules/.bin');
    const lint = await run(join(bin, 'publint'), ['run', '--strict', tarball]);
    t.match(lint.stdout, /All good/);
    // Only `import` is offered: `require` of an ES module is the caller's, from Node 20.19 on.
    const types = await run(join(bin, 'attw'), [
      '--profile',
      'esm-only',
      '--no-color',
      '--no-emoji',
      tarball,
    ]);
    t.notMatch(types.stdout, /problems? found/i);
  });
}

t.test('installed from tarballs into an empty folder', async (t) => {
  // What the packages need comes from what is installed here, so that no registry is asked.
  const needed = ['ip-address', 'unbzip2-stream', 'through', 'buffer', 'base64-js', 'ieee754'];
  const dependencies: Record<string, string> = {};
  for (const name of needed) {
    dependencies[name] = `file:${(await pack(`./node_modules/${name}`)).tarball}`;
  }
  dependencies['@vaportrail/net'] = `file:${packages.net.tarball}`;
  dependencies['@vaportrail/bgp'] = `file:${packages.bgp.tarball}`;
  const manifest = { name: 'stranger', private: true, type: 'module', dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const install = ['install', '--offline', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', install, { cwd: folder });
  const node = async (file: string, source: string, args: readonly string[] = []): Promise<string> => {
    writeFileSync(join(folder, file), source);
    return (await run(process.execPath, [...args, file], { cwd: folder })).stdout.trim();
  };

  await t.test('the example of the README runs as far as its first peer', async (t) => {
    const readme = readFileSync(join(folder, 'node_modules/@vaportrail/bgp/README.md'), 'utf8');
    const example = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
    t.match(example, "import { Speaker } from '@vaportrail/bgp'");
    const ending = 'setTimeout(() => speaker.stop().then(() => console.log("stopped")), 300);';
    t.match(await node('example.js', `${example}\n${ending}`), /stopped$/);
  });

  await t.test('every entry point can be imported, and the schema read', async (t) => {
    const entries = ['', '/wire', '/mrt', '/capture', '/bmp'].map((entry) => `@vaportrail/bgp${entry}`);
    const source = entries.map((entry) => `console.log(Object.keys(await import('${entry}')).length > 0);`);
    t.equal(await node('entries.js', source.join('\n')), entries.map(() => 'true').join('\n'));
    const schema = 'node_modules/@vaportrail/bgp/decoded-document.schema.json';
    t.ok(existsSync(join(folder, schema)));
  });

  await t.test(
    'wire decodes where there is no Node: no built-in modules, no Buffer, no process',
    async (t) => {
      const hooks = `export function resolve(specifier, context, next) {
      if (specifier.startsWith('node:')) throw new Error(specifier + ' in a browser');
      const found = next(specifier, context);
      return Promise.resolve(found).then((one) => {
        if (one.url.startsWith('node:')) throw new Error(one.url + ' in a browser');
        return one;
      });
    }`;
      writeFileSync(join(folder, 'browser.js'), hooks);
      const source = `import { register } from 'node:module';
      const print = console.log;
      register('./browser.js', import.meta.url);
      for (const name of ['Buffer', 'process', 'require', 'setImmediate', 'global']) delete globalThis[name];
      const { describeMessage } = await import('@vaportrail/bgp/wire');
      const { prefixText, parsePrefix } = await import('@vaportrail/net');
      const eor = Uint8Array.from([...Array(16).fill(255), 0, 23, 2, 0, 0, 0, 0]);
      print(JSON.stringify(describeMessage(eor).endOfRib), prefixText(parsePrefix('2001:db8::/32')));
      try { await import('@vaportrail/bgp'); print('sessions too?'); } catch (error) { print(error.message); }`;
      const [wire, session] = (await node('page.js', source)).split('\n');
      t.equal(wire, '{"afi":1,"safi":1} 2001:db8::/32');
      t.match(session, /^node:\w+ in a browser$/, 'and the check can fail: sessions need Node');
    },
  );

  await t.test('the types of wire stand alone', async (t) => {
    const source = `import { describeMessage, type DecodedDocument } from '@vaportrail/bgp/wire';
      import { parseHex } from '@vaportrail/net';
      export const document: DecodedDocument = describeMessage(parseHex('ff'), { asn4: null });
      // @ts-expect-error a width is yes, no or unknown
      describeMessage(parseHex('ff'), { asn4: 'four' });`;
    writeFileSync(join(folder, 'page.ts'), source);
    const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--types', ''];
    const modules = ['--module', 'nodenext', '--lib', 'es2023,dom', '--ignoreConfig'];
    // Node options of a test runner are not for the compiler.
    const plain = ['-c', 'unset NODE_OPTIONS; exec "$0" "$@"', join(root, 'node_modules/.bin/tsc')];
    await t.resolves(run('/bin/sh', [...plain, ...options, ...modules, 'page.ts'], { cwd: folder }));
  });
});
