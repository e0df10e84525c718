/** Annotations that mean something here, and a word about those that look as if they did. */
import { suggestion } from '@vaportrail/show';
import type { Kind, KubernetesObject } from '../kubernetes-object.ts';
import type { Note } from './desired-object.ts';

/** `{"domain": …, "project": …, "network": …, "name": …}`: where a Service draws its public address from. */
export const FIP_POOL = 'opencontrail.org/fip-pool';
export const ISOLATION = 'opencontrail.org/isolation';
export const CIDR = 'opencontrail.org/cidr';
/** Ours; with Contrail the route targets are set by hand. Several are separated by commas. */
export const ROUTE_TARGETS = 'vaportrail.io/route-targets';
/** Ours; names of floating-IP pools to make on the network, separated by commas. */
export const POOLS = 'vaportrail.io/fip-pools';

/** Of kinds whose annotations are read. */
const known: Partial<Record<Kind, readonly string[]>> = {
  Namespace: [ISOLATION, FIP_POOL],
  NetworkAttachmentDefinition: [CIDR, ROUTE_TARGETS, POOLS],
  Service: [FIP_POOL],
};

/**
 * What is said of annotations of Contrail's name space and ours that are not read: a misspelt one would be as if it were
 * not there. Contrail has more than are read here, which is worth a line and no warning.
 */
export function annotationNotes({ kind, object: { metadata } }: KubernetesObject): Note[] {
  const read = known[kind];
  if (read === undefined) return [];
  const notes: Note[] = [];
  for (const key of Object.keys(metadata.annotations)) {
    const [domain, name = ''] = key.split('/');
    if ((domain !== 'opencontrail.org' && domain !== 'vaportrail.io') || read.includes(key)) continue;
    const short = suggestion(
      name,
      read.map((one) => one.replace(/^.*\//, '')),
    );
    const meant = read.find((one) => one.endsWith(`/${short}`));
    const message = `metadata.annotations: ${key} of a ${kind} is not read`;
    notes.push(
      meant === undefined
        ? { level: domain === 'vaportrail.io' ? 'warning' : 'info', reason: 'UnknownAnnotation', message }
        : {
            level: 'warning',
            reason: 'UnknownAnnotation',
            message: `${message}; did you mean "${meant}"?`,
          },
    );
  }
  return notes;
}
