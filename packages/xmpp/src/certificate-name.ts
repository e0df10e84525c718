/** Whose certificate it is: ties the name in a stream header to the certificate behind it. */
import type { X509Certificate } from 'node:crypto';
import { excerpt } from './element-reader.ts';
import { StreamError } from './stream-error.ts';

/**
 * What the name of a peer has to do with its certificate.
 * - `certificate`: it is a DNS name of the subjectAltName or, in a certificate without any, the common name
 * - `host`: or the first label of such a name: `compute-1` of `compute-1.example.com`
 * - `any`: nothing, as far as is known of deployed control nodes: any certificate of the authority will do for any name
 */
export const peerNameRules = ['certificate', 'host', 'any'] as const;
/** One of {@link peerNameRules}. */
export type PeerNameRule = (typeof peerNameRules)[number];

/** Whether a peer with this certificate may call itself so. Case does not matter, and wildcards stand for nothing. */
export function mayBeNamed(certificate: X509Certificate, name: string, rule: PeerNameRule): boolean {
  if (rule === 'any') return true;
  const wanted = name.toLowerCase();
  return certificateNames(certificate).some((full) => {
    const own = full.toLowerCase();
    return own === wanted || (rule === 'host' && own.split('.')[0] === wanted);
  });
}

/**
 * Why a peer with this certificate must not have this name; undefined when it may. Whoever has a certificate of the
 * authority is a node; which one its certificate says.
 */
export function refuseName(
  certificate: X509Certificate | undefined,
  name: string,
  rule: PeerNameRule,
): StreamError | undefined {
  if (rule === 'any' || (certificate !== undefined && mayBeNamed(certificate, name, rule))) return undefined;
  const names = certificate === undefined ? [] : certificateNames(certificate);
  const whose = names.length === 0 ? 'no host' : excerpt(names.join(', '));
  return new StreamError('invalid-from', `the certificate is of ${whose}, not of ${excerpt(name)}`);
}

/**
 * The names of a certificate: DNS names, or else the common name. One with characters that no host name has yields none:
 * what is quoted in it might read like a name of another. @see RFC 6125 §6.4.4
 */
export function certificateNames(certificate: X509Certificate): string[] {
  const { subjectAltName = '' } = certificate;
  if (subjectAltName.includes('"')) return [];
  const alternatives = subjectAltName.split(', ').filter((one) => one.startsWith('DNS:'));
  if (alternatives.length > 0) return alternatives.map((one) => one.slice('DNS:'.length));
  const { CN: commonName } = certificate.toLegacyObject().subject ?? {};
  return typeof commonName === 'string' ? [commonName] : [];
}
