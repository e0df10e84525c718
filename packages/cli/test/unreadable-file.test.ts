// What commands say of files that are not there, or not what they should be.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

t.setTimeout(60_000);
const bin = fileURLToPath(new URL('../../bin/vaportrail.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function vaportrail(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [bin, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

t.test('a file that cannot be read is told of by its name', async (t) => {
  const none = join(t.testdir({}), 'none');
  const stderr = `error: ${none}: no such file\n`;
  t.match(await vaportrail(['decode', 'pcap', none]), { code: 1, stderr });
  t.match(await vaportrail(['decode', 'bgp', none]), { code: 1, stderr });
  t.match(await vaportrail(['encode', none]), { code: 1, stderr });
  t.match(await vaportrail(['mrt', none]), { code: 1, stderr });
  t.match(await vaportrail(['mrt', 'replay', none, '--to', '127.0.0.1', '--wait', '60']), {
    code: 1,
    stderr,
  });
  t.match(await vaportrail(['kube', '-f', none, '--check']), { code: 1, stdout: `${none}: no such file\n` });
  t.match(await vaportrail(['replay', none]), { code: 2, stderr });
  t.match(await vaportrail(['create', '-f', none]), { stderr: /none: no such file\n$/ });
  t.match(await vaportrail(['diff', `${none}.mrt`, none]), {
    code: 2,
    stderr: /there is no file .*none\.mrt, and no daemon called /,
  });
  for (const words of [['decode', 'pcap'], ['mrt']])
    t.match(await vaportrail([...words, t.testdirName]), {
      code: 1,
      stderr: /is a directory, not a file\n$/,
    });
});

t.test('kube says that nothing is wrong, and that there is no cluster to ask', async (t) => {
  const folder = t.testdir({ 'm.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n' });
  t.match(await vaportrail(['kube', '-f', folder, '--check']), {
    code: 0,
    stdout: `${folder}: nothing is wrong\n`,
  });
  t.match(await vaportrail(['kube'], { HOME: folder, KUBECONFIG: '', XDG_RUNTIME_DIR: folder }), {
    code: 1,
    stderr: /^error: there is no kubeconfig .* name one with --kubeconfig, or manifests with -f\n$/,
  });
});
