/**
 * Manifests as text: several documents, lists among them, each object held against the schema of its kind, every problem
 * at its line and with the name of its object.
 */
import { ConfigError, readPart, suggestion, type YamlPart } from '@vaportrail/show';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLMap } from 'yaml';
import { unknownFields } from './kubernetes-fields.ts';
import { isKind, kinds, type KubernetesObject } from './kubernetes-object.ts';

export interface ManifestFile {
  readonly objects: readonly KubernetesObject[];
  /** `file:line` of each object. */
  readonly places: readonly string[];
  /** `file:line:column: field: message (object)`, one per line. */
  readonly problems: readonly string[];
  /** Documents of kinds that mean nothing here. */
  readonly notes: readonly string[];
}

/** Reads the documents of a file; one that is wrong does not keep the others from being used. */
export function readManifests(text: string, file: string): ManifestFile {
  return new ManifestReader(text, file);
}

/** What a row of `kinds` may have. */
interface KindRow {
  readonly apiVersion: string;
  readonly olderVersions?: readonly string[];
  readonly model?: string;
}

class ManifestReader implements ManifestFile {
  readonly objects: KubernetesObject[] = [];
  readonly places: string[] = [];
  readonly problems: string[] = [];
  readonly notes: string[] = [];
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    try {
      this.#readAll();
    } catch (error) {
      // What is nested a hundred thousand deep is beyond the parser.
      if (!(error instanceof RangeError)) throw error;
      this.problems.push(`${file}: cannot be read: ${error.message}`);
    }
  }

  #readAll(): void {
    const documents = parseAllDocuments(this.#text, { lineCounter: this.#lines, prettyErrors: false });
    for (const document of Array.isArray(documents) ? documents : []) {
      const { contents: node, errors } = document;
      if ((node === null || (isScalar(node) && node.value === null)) && errors.length === 0) continue;
      const broken = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
      if (broken !== undefined) {
        const { line, col } = this.#lines.linePos(broken.pos[0]);
        this.problems.push(`${this.#file}:${line}:${col}: ${broken.message}`);
      } else this.#read({ document, node, lines: this.#lines, text: this.#text });
    }
  }

  /** An object, or a list of them as `kubectl get -o yaml` writes it. */
  #read(part: YamlPart): void {
    const { node } = part;
    const where = `${this.#file}:${Math.max(1, this.#lines.linePos(node?.range?.[0] ?? 0).line)}`;
    if (!isMap(node)) {
      this.problems.push(`${where}: is no Kubernetes object: a mapping with apiVersion, kind and metadata`);
      return;
    }
    const kind: unknown = node.get('kind');
    const apiVersion: unknown = node.get('apiVersion');
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
      const missing = typeof kind === 'string' ? 'apiVersion' : 'kind';
      this.problems.push(
        `${where}: ${missing}: is missing${named(typeof kind === 'string' ? kind : '', node)}`,
      );
      return;
    }
    const items: unknown = kind.endsWith('List') ? node.get('items', true) : undefined;
    if (isSeq(items)) {
      for (const item of items.items) if (isNode(item)) this.#read({ ...part, node: item });
      return;
    }
    if (!isKind(kind)) {
      const meant = suggestion(kind, Object.keys(kinds));
      this.notes.push(
        `${where}: kind ${kind} is not used here${meant === undefined ? '' : `; did you mean ${meant}?`}${named(kind, node)}`,
      );
      return;
    }
    const row: KindRow = kinds[kind];
    if (apiVersion !== row.apiVersion && row.olderVersions?.includes(apiVersion) !== true) {
      const is = `a ${kind} is ${row.apiVersion}, not ${apiVersion}`;
      this.problems.push(`${where}: apiVersion: ${is}${named(kind, node)}`);
      return;
    }
    const unknown =
      row.model === undefined || apiVersion !== row.apiVersion ? [] : unknownFields(row.model, node);
    for (const { path, offset, message } of unknown) {
      const { line, col } = this.#lines.linePos(offset);
      this.problems.push(`${this.#file}:${line}:${col}: ${path}: ${message}${named(kind, node)}`);
    }
    try {
      const object = readPart(part, this.#file, kinds[kind].schema);
      if (unknown.length > 0) return;
      this.objects.push({ kind, object } as KubernetesObject);
      this.places.push(where);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const text of error.message.split('\n')) this.problems.push(text + named(kind, node));
    }
  }
}

/** ` (Service ns/web)`, as far as it has a name. */
function named(kind: string, node: YAMLMap): string {
  const [name, namespace] = ['name', 'namespace'].map((key) => node.getIn(['metadata', key]) as unknown);
  if (typeof name !== 'string') return '';
  return ` (${kind === '' ? '' : `${kind} `}${typeof namespace === 'string' ? `${namespace}/` : ''}${name.slice(0, 253)})`;
}
