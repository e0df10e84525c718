/** Manifests as text: several documents, each held against the schema of its kind, every problem at its line. */
import { ConfigError, readConfig, suggestion } from '@vaportrail/show';
import { isMap, LineCounter, parseAllDocuments } from 'yaml';
import { isKind, kinds, type KubernetesObject } from './kubernetes-object.ts';

export interface ManifestFile {
  readonly objects: readonly KubernetesObject[];
  /** `file:line:column: field: message`, one per line. */
  readonly problems: readonly string[];
  /** Documents of kinds that mean nothing here. */
  readonly notes: readonly string[];
}

/** Reads the documents of a file; one that is wrong does not keep the others from being used. */
export function readManifests(text: string, file: string): ManifestFile {
  const objects: KubernetesObject[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  for (const document of Array.isArray(documents) ? documents : []) {
    const { contents, range } = document;
    if (contents === null && document.errors.length === 0) continue;
    const start = lines.linePos(contents?.range?.[0] ?? range[0]);
    const where = `${file}:${Math.max(1, start.line)}`;
    // Blank lines instead of what comes before keep the numbers of the lines.
    const begin = contents?.range?.[0] ?? range[0];
    const alone =
      text.slice(0, begin).replace(/[^\n]/g, ' ') + text.slice(begin, contents?.range?.[2] ?? range[2]);
    const [broken] = document.errors;
    if (broken !== undefined && broken.code !== 'DUPLICATE_KEY') {
      const { line, col } = lines.linePos(broken.pos[0]);
      problems.push(`${file}:${line}:${col}: ${broken.message}`);
      continue;
    }
    if (!isMap(contents)) {
      problems.push(`${where}: is no Kubernetes object: a mapping with apiVersion, kind and metadata`);
      continue;
    }
    const kind: unknown = contents.get('kind');
    const apiVersion: unknown = contents.get('apiVersion');
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
      problems.push(`${where}: ${typeof kind === 'string' ? 'apiVersion' : 'kind'}: is missing`);
      continue;
    }
    if (!isKind(kind)) {
      const meant = suggestion(kind, Object.keys(kinds));
      notes.push(
        `${where}: kind ${kind} is not used here${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      );
      continue;
    }
    if (apiVersion !== kinds[kind].apiVersion) {
      problems.push(`${where}: apiVersion: a ${kind} is ${kinds[kind].apiVersion}, not ${apiVersion}`);
      continue;
    }
    try {
      const object = readConfig(alone, file, kinds[kind].schema);
      objects.push({ kind, object } as KubernetesObject);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.message.split('\n'));
    }
  }
  return { objects, problems, notes };
}
