/** Which floating-IP pool a Service draws from: its own annotation, else its namespace's, else the cluster's. */
import { z } from 'zod';
import { FIP_POOL } from './annotations.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import type { ObjectName } from './desired-object.ts';
import type { Namespace, Service } from '../kubernetes-object.ts';

const poolAnnotation = z.object({
  domain: z.string().min(1),
  project: z.string().min(1),
  network: z.string().min(1),
  name: z.string().min(1),
});

/** The pool, who named it, and every name it may go by; or why there is none. */
export type PoolChoice =
  | { readonly candidates: readonly ObjectName[]; readonly by: string; readonly text: string }
  | { readonly problem: string }
  | undefined;

/** The pool of a Service; `undefined` when nobody names one. */
export function poolChoice(
  settings: ClusterSettings,
  service: Service,
  namespace: Namespace | undefined,
): PoolChoice {
  const sources = [
    ['the Service', service.metadata.annotations[FIP_POOL]],
    [`namespace ${namespace?.metadata.name ?? ''}`, namespace?.metadata.annotations[FIP_POOL]],
    ['the cluster', settings.publicPool],
  ] as const;
  for (const [by, text] of sources) {
    if (text === undefined || text.trim() === '') continue;
    const pool = parsed(text);
    if (pool === undefined) {
      const expected = "{'domain': …, 'project': …, 'network': …, 'name': …}";
      return { problem: `${FIP_POOL} of ${by} is not ${expected}: ${text.slice(0, 200)}` };
    }
    const { domain, project, network, name } = pool;
    const networks = [network, `${settings.name}-${network}-pod-network`];
    return {
      by,
      text: `${domain}:${project}:${network}:${name}`,
      candidates: networks.map((each) => ({
        type: 'floating-ip-pool',
        fqName: [domain, project, each, name],
      })),
    };
  }
  return undefined;
}

/** JSON, or a Python dictionary with single quotes as the book writes it. */
function parsed(text: string): z.output<typeof poolAnnotation> | undefined {
  for (const candidate of [text, text.replaceAll("'", '"')]) {
    try {
      const result = poolAnnotation.safeParse(JSON.parse(candidate));
      if (result.success) return result.data;
    } catch {
      // Perhaps the other way of writing it.
    }
  }
  return undefined;
}
