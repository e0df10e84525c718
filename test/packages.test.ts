// Every package as a stranger gets it: packed, installed into an empty folder, type-checked, imported, its README run.
import { execFile, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeMessageLog, mrtType } from '@vaportrail/bgp/mrt';
import { encodeUpdate } from '@vaportrail/bgp/wire';
import { Writer } from '@vaportrail/net';
import { publint } from 'publint';
import t from 'tap';

t.setTimeout(240_000);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vaportrail-packages-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/** What is of use without the rest: installed by npm itself, with all that they need. */
const libraries = ['net', 'bgp', 'rib', 'xmpp', 'schema'];
/** Beside code, its sources, README and licence. */
const extras: Readonly<Record<string, readonly RegExp[]>> = {
  bgp: [/^decoded-document\.schema\.json$/],
  cli: [/^bin\/vaportrail\.js$/],
  lab: [/^topologies\/[\w-]+\.yaml$/, /^manifests\/[\w/-]+\.yaml$/],
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string };
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

function manifestIn(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
}

interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Words in front of a command that take away the options a test runner gives Node, even to the children of its children. */
const plainly = ['/bin/sh', '-c', 'unset NODE_OPTIONS; exec "$0" "$@"'] as const;

/** Runs a program as from a shell. */
function run(program: string, args: readonly string[], cwd = folder): Promise<{ stdout: string }> {
  const [shell, ...words] = [...plainly, program, ...args];
  return promisify(execFile)(shell!, words, { cwd, maxBuffer: 64 * 1024 * 1024 });
}

/** Packs folders as `npm publish` would, without running their scripts. */
async function pack(paths: readonly string[]): Promise<Packed[]> {
  const options = ['--json', '--ignore-scripts', '--pack-destination', folder, '--loglevel=error'];
  const { stdout } = await run('npm', ['pack', ...paths, ...options], root);
  const told = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[];
  return told.map(({ name, filename, files }) => ({
    name,
    // npm 9 says the name with its scope, and writes the file as later ones do.
    tarball: join(folder, filename.replace('@', '').replace('/', '-')),
    files: files.map((file) => file.path),
  }));
}

const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const names = readdirSync(join(root, 'packages')).filter(
  (name) => manifestIn(join(root, 'packages', name)).private !== true,
);
const packages = new Map<string, Packed>();
for (const packed of await pack(names.map((name) => `./packages/${name}`))) {
  packages.set(packed.name.replace('@vaportrail/', ''), packed);
}

for (const [name, { files }] of packages) {
  t.test(`${name} has its code, its sources, its README and its licence, and nothing else`, async (t) => {
    const source = join(root, 'packages', name);
    const rest = files.filter((file) => !/^(dist\/src\/.*\.(js|d\.ts)(\.map)?|src\/.*\.ts)$/.test(file));
    const more = rest.filter((file) => !(extras[name] ?? []).some((extra) => extra.test(file)));
    t.same(more.toSorted(), ['LICENSE', 'README.md', 'package.json']);
    for (const extra of extras[name] ?? [])
      t.ok(
        files.some((file) => extra.test(file)),
        `something is ${extra}`,
      );
    t.notOk(
      files.find((file) => /\.test\.|\/test\//.test(file)),
      'no tests',
    );
    const manifest = manifestIn(source);
    t.equal(manifest.publishConfig?.access, 'public', 'a scoped package is private unless it says so');
    for (const [dependency, range] of Object.entries(manifest.dependencies ?? {})) {
      const own = packages.get(dependency.replace('@vaportrail/', ''));
      if (own?.name === dependency)
        t.equal(range, manifestIn(join(root, 'packages', dependency.slice(12))).version, dependency);
    }
    for (const target of Object.values(manifest.exports)) {
      for (const file of typeof target === 'string' ? [target] : Object.values(target)) {
        t.ok(files.includes(file.replace('./', '')), `${file} is exported and packed`);
      }
    }
    for (const file of files.filter((one) => one.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(join(source, file), 'utf8')) as { sources: string[] };
      for (const one of sources) {
        const path = join(dirname(file), one);
        // The compiler leaves what it made of a source that is gone: that is no matter of the package.
        if (!files.includes(path) && existsSync(join(source, path)))
          t.fail(`${file} points to ${path}, which is not packed`);
      }
    }
    for (const file of files.filter((one) => /^src\/.*(?<!\.d)\.ts$/.test(one))) {
      const compiled = `dist/${file.replace(/\.ts$/, '')}`;
      for (const kind of ['js', 'd.ts'])
        if (!files.includes(`${compiled}.${kind}`)) t.fail(`${file} is packed without its ${kind}`);
    }
  });
}

t.test('publint and are-the-types-wrong have nothing to say', async (t) => {
  for (const [name, { tarball }] of packages) {
    const { buffer } = new Uint8Array(readFileSync(tarball));
    const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
    t.same(messages, [], name);
    // It takes a second for each, and the manifests are alike.
    if (!libraries.includes(name)) continue;
    // Only `import` is offered: `require` of an ES module is the caller's, from Node 20.19 on.
    const options = ['--profile', 'esm-only', '--no-color', '--no-emoji'];
    const types = await run(bin('attw'), [...options, tarball]);
    t.notMatch(types.stdout, /problems? found/i, name);
  }
});

/** Where a package that another one needs is installed here. */
function installed(name: string, from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, 'node_modules', name);
    if (existsSync(path)) return path;
    if (at === root || at === dirname(at)) throw new Error(`${from} needs ${name}, which is not installed`);
  }
}

/** What packages need of others than their own, directly and indirectly, by name. */
function thirdParties(paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const left = [...paths];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    for (const name of Object.keys(manifestIn(path).dependencies ?? {})) {
      if (name.startsWith('@vaportrail/') || found.has(name)) continue;
      const at = installed(name, path);
      found.set(name, at);
      left.push(at);
    }
  }
  return found;
}

interface Example {
  readonly name: string;
  readonly file: string;
  readonly code: string;
  /** The block right behind it, if that has no language: what it prints. */
  readonly prints: string | undefined;
}

/** The blocks of a README that are programs. */
function examples(name: string): Example[] {
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const blocks = /^```js\n(.*?)^```\n(?:\n```\n(.*?)^```$)?/gms;
  return [...readme.matchAll(blocks)].map(([, code, prints], i) => {
    return { name, file: `${name}-${i + 1}.ts`, code: code!, prints };
  });
}

/** Type-checks files in a folder as strictly as their author may ask for, with what they import. */
async function typeCheck(cwd: string, files: readonly string[], types: readonly string[]): Promise<string> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    allowImportingTsExtensions: true,
    target: 'es2023',
    lib: ['es2023', ...(types.length === 0 ? ['dom'] : [])],
    module: 'nodenext',
    types,
  };
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  try {
    return (await run(bin('tsc'), ['-p', 'tsconfig.json', '--pretty', 'false'], cwd)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

/** A program that imports all that packages offer. */
function importsAll(names: readonly string[]): string {
  return names
    .flatMap((name) =>
      Object.keys(manifestIn(join(root, 'packages', name)).exports).map((entry) => [name, entry]),
    )
    .filter(([, entry]) => !entry!.endsWith('.json'))
    .map(([name, entry], i) => `export * as entry${i} from '@vaportrail/${name}${entry!.slice(1)}';\n`)
    .join('');
}

t.test('the libraries, installed from tarballs by npm into an empty folder', async (t) => {
  const home = join(folder, 'libraries');
  mkdirSync(home);
  const dependencies: Record<string, string> = {};
  // What they need comes from what is installed here, so that no registry is asked.
  const needed = thirdParties(libraries.map((name) => join(root, 'packages', name)));
  const others = await pack([...needed.values()]);
  for (const { name, tarball } of [...others, ...libraries.map((name) => packages.get(name)!)])
    dependencies[name] = `file:${tarball}`;
  const manifest = { name: 'stranger', private: true, type: 'module', dependencies };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', '--offline', '--omit=optional', '--ignore-scripts', ...quiet], home);
  const node = async (file: string, source: string): Promise<string> => {
    writeFileSync(join(home, file), source);
    return (await run(process.execPath, [file], home)).stdout.trim();
  };

  const programs = libraries.flatMap(examples);

  await t.test('every entry point and every example of a README is type-checked', async (t) => {
    for (const { file, code } of programs) writeFileSync(join(home, file), code);
    writeFileSync(join(home, 'all.ts'), importsAll(libraries));
    for (const name of ['@types/node', 'undici-types']) {
      mkdirSync(dirname(join(home, 'node_modules', name)), { recursive: true });
      symlinkSync(installed(name, root), join(home, 'node_modules', name));
    }
    t.equal(await typeCheck(home, ['all.ts', ...programs.map(({ file }) => file)], ['node']), '');
    writeFileSync(
      join(home, 'wrong.ts'),
      "import { Speaker } from '@vaportrail/bgp';\nnew Speaker({ asn: '1' });\n",
    );
    t.match(await typeCheck(home, ['wrong.ts'], ['node']), /TS2322/, 'and the check can fail');
  });

  writeFileSync(join(home, 'rib.20261123.1200.bz2'), mrtFile());
  await t.test('every exported name has words for an editor to show', async (t) => {
    for (const name of libraries)
      t.same(undocumented(join(home, 'node_modules/@vaportrail', name)), [], name);
  });

  await t.test('every example of a README runs as it is printed', async (t) => {
    const runs = programs.map(async ({ file, code, prints }) => {
      const program = join(home, file.replace('.ts', '.mjs'));
      // But for the port, which somebody else may have.
      writeFileSync(program, code.replace(/\bport: (?:1790|11019)\b(?! *,)/, 'port: 0'));
      const { code: exit, stdout, stderr } = await runUntilInterrupted(program, home);
      t.equal(exit, 0, `${file}: ${stderr}`);
      if (prints !== undefined) t.equal(stdout, prints, file);
    });
    await Promise.all(runs);
  });

  await t.test('every entry point can be imported and required, and the schema read', async (t) => {
    t.equal(
      await node(
        'all.js',
        importsAll(libraries).replace(/^export \* as (\w+) from (.*);$/gm, 'await import($2);'),
      ),
      '',
    );
    t.equal(await node('all.cjs', "console.log(typeof require('@vaportrail/bgp').Speaker);"), 'function');
    t.ok(existsSync(join(home, 'node_modules/@vaportrail/bgp/decoded-document.schema.json')));
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
      writeFileSync(join(home, 'browser.js'), hooks);
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
      t.equal(wire, '{"family":"inet","afi":1,"safi":1} 2001:db8::/32');
      t.match(session, /^node:\w+ in a browser$/, 'and the check can fail: sessions need Node');
    },
  );

  await t.test('the types of wire stand alone', async (t) => {
    const source = `import { describeMessage, type DecodedDocument } from '@vaportrail/bgp/wire';
      import { parseHex } from '@vaportrail/net';
      export const document: DecodedDocument = describeMessage(parseHex('ff'), { asn4: null });
      // @ts-expect-error a width is yes, no or unknown
      describeMessage(parseHex('ff'), { asn4: 'four' });`;
    writeFileSync(join(home, 'page.ts'), source);
    t.equal(await typeCheck(home, ['page.ts'], []), '');
  });
});

/** Exported names of a package whose declaration has no comment in front of it. */
function undocumented(path: string): string[] {
  const found: string[] = [];
  for (const target of Object.values(manifestIn(path).exports)) {
    if (typeof target === 'string') continue;
    const index = join(path, target['types']!);
    const entry = readFileSync(index, 'utf8');
    for (const [, names, from] of entry.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)) {
      const declarations = readFileSync(join(dirname(index), from!.replace(/\.ts$/, '.d.ts')), 'utf8');
      for (const written of names!.split(',')) {
        const name = written
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*/, '');
        const declaration = `export (?:declare )?(?:abstract )?(?:class|function|const|type|interface) ${name}\\b`;
        if (name !== '' && !new RegExp(`\\*/\\s*${declaration}`).test(declarations))
          found.push(`${name} of ${from}`);
      }
    }
  }
  return found;
}

/** A log with a withdrawal, packed: for the example that reads a file. */
function mrtFile(): Uint8Array {
  const session = {
    peer: '192.0.2.2',
    local: '192.0.2.1',
    peerAsn: 65002,
    localAsn: 65001,
    interfaceIndex: 0,
  };
  const update = encodeUpdate({ routes: [{ op: 'withdraw', prefix: '203.0.113.0/24' }] });
  const { subtype, body } = encodeMessageLog(session, update, { asn4: true, addPath: false, sent: false });
  const record = new Writer().u32(1_800_000_000).u16(mrtType.bgp4mp).u16(subtype).u32(body.length);
  return gzipSync(record.bytes(body).finish());
}

/** Runs an example; one that stays up is interrupted after a while, as by Ctrl-C. */
async function runUntilInterrupted(
  program: string,
  cwd: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [shell, ...words] = [...plainly, process.execPath, program];
  const child = spawn(shell!, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const interrupt = setTimeout(() => child.kill('SIGINT'), 4000);
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(interrupt);
  clearTimeout(kill);
  return { code, stdout, stderr };
}

t.test('all packages from tarballs, each with no more than it says it needs', async (t) => {
  const home = join(folder, 'programs');
  for (const [name, { tarball }] of packages) {
    const at = join(home, 'node_modules/@vaportrail', name);
    mkdirSync(at, { recursive: true });
    await run('tar', ['-xzf', tarball, '-C', at, '--strip-components=1']);
    const { dependencies, optionalDependencies } = manifestIn(at);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (needed.startsWith('@vaportrail/')) continue;
      const link = join(at, 'node_modules', needed);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(installed(needed, join(root, 'packages', name)), link);
    }
  }
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  const vaportrail = (...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, ['node_modules/@vaportrail/cli/bin/vaportrail.js', ...args], home);

  await t.test('are type-checked', async (t) => {
    writeFileSync(join(home, 'all.ts'), importsAll([...packages.keys()]));
    mkdirSync(join(home, 'node_modules/@types'), { recursive: true });
    symlinkSync(installed('@types/node', root), join(home, 'node_modules/@types/node'));
    const own = (await typeCheck(home, ['all.ts'], ['node']))
      .split('\n')
      .filter((line) => /@vaportrail|^all/.test(line));
    t.same(own, []);
  });

  await t.test('are imported', async (t) => {
    const source = importsAll([...packages.keys()]).replace(
      /^export \* as (\w+) from (.*);$/gm,
      'await import($2);',
    );
    writeFileSync(join(home, 'all.js'), source);
    await t.resolves(run(process.execPath, ['all.js'], home));
  });

  await t.test('have the command, which decodes and performs the story of the lab', async (t) => {
    t.equal((await vaportrail('--version')).stdout.trim(), manifestIn(join(root, 'packages/cli')).version);
    writeFileSync(join(home, 'keepalive'), `${'ff'.repeat(16)}001304`);
    const { stdout } = await vaportrail('decode', 'bgp', 'keepalive');
    t.match(JSON.parse(stdout), { type: 'keepalive' });
    const story = await vaportrail('lab', '--peers', 'gateway', '--once', '--json');
    t.match(JSON.parse(story.stdout), { held: true });
  });
});
