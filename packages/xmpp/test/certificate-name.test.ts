import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { certificateNames, mayBeNamed } from '../src/certificate-name.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

/** A certificate signed by its own key, with a subject and a list of alternative names. */
function certificate(folder: string, subject: string, alternatives?: string): X509Certificate {
  const path = join(folder, 'one.pem');
  const config = join(folder, 'one.cnf');
  const extension = alternatives === undefined ? '' : `[e]\nsubjectAltName=${alternatives}\n`;
  writeFileSync(config, `[req]\ndistinguished_name=d\n[d]\n${extension}`);
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-config',
    config,
    '-subj',
    subject,
    '-keyout',
    join(folder, 'one.key'),
    '-out',
    path,
    ...(alternatives === undefined ? [] : ['-extensions', 'e']),
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return new X509Certificate(readFileSync(path));
}

t.test('the names of a certificate', { skip }, async (t) => {
  const folder = t.testdir();

  t.test('are its DNS names; the common name counts where there are none', async (t) => {
    const both = certificate(folder, '/CN=compute-9', 'DNS:compute-1,DNS:compute-1.example.com,IP:10.1.1.1');
    t.same(certificateNames(both), ['compute-1', 'compute-1.example.com']);
    t.same(certificateNames(certificate(folder, '/O=x/CN=compute-1')), ['compute-1']);
    t.same(certificateNames(certificate(folder, '/CN=compute-1', 'IP:10.1.1.1')), ['compute-1']);
    t.same(certificateNames(certificate(folder, '/O=nobody')), []);
  });

  t.test('are none where two common names or a quoted name might be read in two ways', async (t) => {
    t.same(certificateNames(certificate(folder, '/CN=compute-1/CN=compute-2')), []);
    const quoted = certificate(folder, '/CN=x', 'dirName:d2,DNS:compute-3\n[d2]\nCN=a\\, DNS:compute-1');
    t.match(quoted.subjectAltName, '"');
    t.notOk(mayBeNamed(quoted, 'compute-1', 'certificate'));
  });

  t.test('are what a peer may call itself, by the rule', async (t) => {
    const full = certificate(folder, '/CN=x', 'DNS:Compute-1.example.com,DNS:*.wild.example.com');
    t.ok(mayBeNamed(full, 'compute-1.example.com', 'certificate'), 'without regard to case');
    t.notOk(mayBeNamed(full, 'compute-1', 'certificate'));
    t.ok(mayBeNamed(full, 'compute-1', 'host'));
    for (const name of ['x', 'example', '', '.example.com', 'a.wild.example.com', 'compute-1.example.org'])
      t.notOk(mayBeNamed(full, name, 'host'), `not "${name}"`);
    t.ok(mayBeNamed(full, 'anything', 'any'));
  });
});
