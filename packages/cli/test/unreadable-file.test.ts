// What commands say of files that are not there, or not what they should be.
import { join } from 'node:path';
import t from 'tap';
import { vaportrail } from './running-command.ts';

t.setTimeout(60_000);

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
