import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** Folders of `bgp` that must run in a browser and must not know about sessions. */
const pureFolders = ['packages/bgp/src/wire', 'packages/bgp/src/attributes', 'packages/bgp/src/families'];
/** File names that say nothing about what is inside. */
const emptyNames = /^(utils?|helpers?|common|types|manager|misc)\.ts$/;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which package may import which, as the table of ARCHITECTURE.md says. */
const mayImport = new Map<string, readonly string[]>();
const decided = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
for (const [, name = '', cell = ''] of decided.matchAll(/^\| `([a-z-]+)` .*\|([^|]+)\|$/gm)) {
  const imports = cell.includes('all above') ? [...mayImport.keys()] : (cell.match(/[a-z-]+/g) ?? []);
  mayImport.set(name, imports);
}

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(dist|node_modules)\//.test(path));
}

function imports(path: string): string[] {
  const statement =
    /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s+'([^'\n]+)'|^\s*import\s+'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'/gm;
  return [...readFileSync(path, 'utf8').matchAll(statement)].map(
    ([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!,
  );
}

const packages = readdirSync(join(root, 'packages'));

t.test('the table of ARCHITECTURE.md names every package, each after those that it may import', async (t) => {
  t.strictSame([...mayImport.keys()].toSorted(), packages.toSorted());
  const above = new Set<string>();
  for (const [name, imports] of mayImport) {
    for (const each of imports) t.ok(above.has(each), `${name} imports ${each}, which stands above it`);
    above.add(name);
  }
});

for (const name of packages) {
  t.test(`${name} imports only what the architecture allows`, async (t) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const allowed = mayImport.get(name) ?? [];
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const internal = /^@vaportrail\/(.+)$/.exec(dependency)?.[1];
      if (internal !== undefined) t.ok(allowed.includes(internal), `package.json: ${dependency}`);
    }
    for (const path of sources(join(root, 'packages', name, 'src'))) {
      const where = relative(root, path);
      t.notMatch(path.split('/').at(-1), emptyNames, `${where} has a noun for a name`);
      for (const specifier of imports(path)) {
        const internal = /^@vaportrail\/([^/]+)/.exec(specifier)?.[1];
        if (internal !== undefined) t.ok(allowed.includes(internal), `${where} imports ${specifier}`);
        if (specifier.startsWith('.')) {
          const target = resolve(dirname(path), specifier);
          t.ok(target.startsWith(join(root, 'packages', name, 'src')), `${where} stays in its package`);
        }
        if (internal === undefined && !specifier.startsWith('.') && !specifier.startsWith('node:')) {
          const bare = specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/');
          t.ok(
            bare in (manifest.dependencies ?? {}) || isOptional(manifest, bare),
            `${where}: ${bare} is declared`,
          );
        }
      }
    }
  });
}

t.test('every file that ARCHITECTURE.md and the READMEs of packages name is there', async (t) => {
  const files = ['packages', 'interop', 'test'].flatMap((folder) => sources(join(root, folder)));
  const isThere = (name: string): boolean => files.some((path) => path.endsWith(`/${name}`));
  const texts = ['ARCHITECTURE.md', ...packages.map((name) => `packages/${name}/README.md`)];
  for (const text of texts) {
    const written = readFileSync(join(root, text), 'utf8');
    for (const [name] of written.matchAll(/[\w-][\w./-]*\.ts\b/g)) t.ok(isThere(name), `${text}: ${name}`);
  }
  const [, path = ''] = /^## One update, straight through\n+```\n(.*?)```/ms.exec(decided) ?? [];
  const steps = path.match(/\b[a-z]+(-[a-z]+)+\b/g) ?? [];
  t.ok(steps.length > 8, 'the straight path names its steps');
  for (const step of steps) t.ok(packages.includes(step) || isThere(`${step}.ts`), step);
});

t.test('wire, attributes and families of bgp run in a browser and know no session', async (t) => {
  for (const folder of pureFolders) {
    for (const path of sources(join(root, folder))) {
      for (const specifier of imports(path)) {
        const where = `${relative(root, path)} imports ${specifier}`;
        t.notMatch(specifier, /^node:/, where);
        t.notMatch(specifier, /\/session\//, where);
      }
    }
  }
});

t.test('rib does no input or output', async (t) => {
  for (const path of sources(join(root, 'packages/rib/src'))) {
    for (const specifier of imports(path)) {
      t.notMatch(
        specifier,
        /^node:(net|fs|http|tls|dgram|timers)/,
        `${relative(root, path)} imports ${specifier}`,
      );
    }
  }
});

function isOptional(manifest: object, name: string): boolean {
  for (const key of ['optionalDependencies', 'peerDependencies'] as const) {
    const group = (manifest as Record<string, unknown>)[key];
    if (typeof group === 'object' && group !== null && name in group) return true;
  }
  return false;
}
