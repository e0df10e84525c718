import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EmbeddedStore, StoreError } from '../src/index.ts';

const store = new URL('../src/embedded-store.js', import.meta.url);

t.test('a folder that another process uses is refused by its name, until that one is dead', async (t) => {
  const folder = t.testdir({});
  const program = `import { EmbeddedStore } from ${JSON.stringify(store)};
    EmbeddedStore.open(${JSON.stringify(folder)}); console.log('open'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  t.throws(() => EmbeddedStore.open(folder), {
    name: 'StoreError',
    message: `${folder} is in use by process ${other.pid}: a folder is for one config node, etcd is for several`,
  });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await EmbeddedStore.open(folder).close();
  t.notOk(existsSync(join(folder, 'in-use-by')), 'a store that is closed leaves nothing');
});

t.test('a number that another process has by now owns nothing', async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'in-use-by'), `${process.ppid} 1`);
  const open = EmbeddedStore.open(folder);
  t.throws(() => EmbeddedStore.open(folder), StoreError, 'not even this process opens it twice');
  await open.close();
  writeFileSync(join(folder, 'in-use-by'), 'nonsense');
  await EmbeddedStore.open(folder).close();
});
