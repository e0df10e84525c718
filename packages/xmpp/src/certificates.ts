/** Certificates of the channel: an authority of one's own, and a certificate for each node, made by `openssl`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Days that the certificates are good for. */
const VALIDITY = 825;

const run = promisify(execFile);

/** Paths of the PEM files of one node. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/**
 * Makes `ca.pem` with `ca.key` unless they are there, and for each name `NAME.pem` with `NAME.key`, signed by that authority. The same by
 * hand:
 * ```sh
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
 *   -subj '/CN=Vaportrail authority' -keyout ca.key -out ca.pem
 * openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=compute-1 \
 *   -keyout compute-1.key -out compute-1.csr
 * echo subjectAltName=DNS:compute-1 > compute-1.ext
 * openssl x509 -req -days 825 -in compute-1.csr -extfile compute-1.ext -CA ca.pem -CAkey ca.key -CAcreateserial \
 *   -out compute-1.pem
 * ```
 * @returns the paths of each name, as `readTlsFiles` takes them
 * @throws RangeError when a name is no file name; Error with the output of openssl when that fails or is missing
 */
export async function makeCertificates(
  folder: string,
  names: readonly string[],
): Promise<Map<string, CertificatePaths>> {
  for (const name of names) {
    if (!/^[\w][\w.-]*$/.test(name) || name === 'ca')
      throw new RangeError(`"${name}" is not the name of a node`);
  }
  mkdirSync(folder, { recursive: true });
  const path = (name: string, kind: 'pem' | 'key' | 'csr' | 'ext' | 'srl'): string =>
    join(folder, `${name}.${kind}`);
  const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const days = ['-days', String(VALIDITY)];
  const authority = [
    '-subj',
    '/CN=Vaportrail authority',
    '-keyout',
    path('ca', 'key'),
    '-out',
    path('ca', 'pem'),
  ];
  if (!existsSync(path('ca', 'pem'))) await run('openssl', [...request, '-x509', ...days, ...authority]);
  const made = new Map<string, CertificatePaths>();
  for (const name of names) {
    const signing = ['-CA', path('ca', 'pem'), '-CAkey', path('ca', 'key'), '-CAserial', path('ca', 'srl')];
    const files = ['-in', path(name, 'csr'), '-extfile', path(name, 'ext'), '-out', path(name, 'pem')];
    writeFileSync(path(name, 'ext'), `subjectAltName=DNS:${name}\n`);
    await run('openssl', [
      ...request,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(name, 'key'),
      '-out',
      path(name, 'csr'),
    ]);
    await run('openssl', ['x509', '-req', ...days, ...signing, '-CAcreateserial', ...files]);
    made.set(name, { certificate: path(name, 'pem'), key: path(name, 'key'), authority: path('ca', 'pem') });
  }
  return made;
}
