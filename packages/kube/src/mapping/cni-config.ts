/** `spec.config` of a NetworkAttachmentDefinition: what Multus hands to a CNI plugin. Nothing is made of it here. */
import { suggestion } from '@vaportrail/show';
import type { Note } from './desired-object.ts';

/** Of a network configuration, or a list of them. Plugins have fields of their own beside. @see the CNI specification, §1 */
const fields = [
  'cniVersion',
  'cniVersions',
  'name',
  'type',
  'plugins',
  'disableCheck',
  'disableGC',
  'loadOnlyInlinedPlugins',
  'capabilities',
  'runtimeConfig',
  'args',
  'ipMasq',
  'ipam',
  'dns',
  'prevResult',
];

/** What is wrong with it: pods that ask for the network would not start, and nobody here would say why. */
export function cniConfigNotes(config: string | undefined): Note[] {
  const warn = (message: string): Note => ({
    level: 'warning',
    reason: 'BadCniConfig',
    message: `spec.config: ${message}`,
  });
  // Without one Multus looks for a file of that name on the node.
  if (config === undefined || config.trim() === '') return [];
  let read: unknown;
  try {
    read = JSON.parse(config);
  } catch (error) {
    return [warn(`is no JSON: ${(error as Error).message}`)];
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    return [warn('is no JSON object, such as {"cniVersion": "0.3.1", "type": "contrail-k8s-cni"}')];
  const notes: Note[] = [];
  for (const field of Object.keys(read)) {
    const meant = fields.includes(field) ? undefined : suggestion(field, fields);
    if (meant !== undefined && !Object.hasOwn(read, meant))
      notes.push(warn(`${field}: did you mean "${meant}"?`));
  }
  if (!('type' in read) && !('plugins' in read)) notes.push(warn('has neither "type" nor "plugins"'));
  return notes;
}
