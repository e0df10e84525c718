/**
 * Configuration files: YAML held against a schema, with every problem at the line and column that causes it.
 *
 * All problems are reported at once, so that a file is corrected in one go and not one start at a time.
 */
import { readFileSync } from 'node:fs';
import {
  LineCounter,
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  type Node,
  type YAMLParseError,
  parseDocument,
} from 'yaml';
import type { z } from 'zod';

import { settingMessage } from './setting-message.ts';
import { suggestion } from './suggestion.ts';

/** One thing wrong with a configuration file. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** Where in the document, e.g. `bgp.peers[0].asn`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** Thrown when a configuration cannot be used. Its message has one `file:line:column: path: message` per problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => problemText(file, problem)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

/** Files beyond this are not configuration. */
const MAX_CONFIG_OCTETS = 64 * 1024 * 1024;

/**
 * Reads a YAML file.
 * @throws ConfigError with every problem found, or with one when the file cannot be read
 */
export function readConfigFile<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  return readConfig(fileText(path), path, schema);
}

/**
 * Reads YAML text; `name` stands for the file in messages.
 * @throws ConfigError with every problem found
 */
export function readConfig<Schema extends z.ZodType>(
  text: string,
  name: string,
  schema: Schema,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  return readPart({ document, node: document.contents, lines, text }, name, schema);
}

/** Something in a YAML file that is held against a schema by itself: a document, or an item of a list. */
export interface YamlPart {
  readonly document: Document;
  readonly node: Node | null;
  /** Of the whole file, as `text` is. */
  readonly lines: LineCounter;
  readonly text: string;
}

/**
 * Reads a part of a YAML file; paths in messages begin at it, lines at the file.
 * @throws ConfigError with every problem found
 */
export function readPart<Schema extends z.ZodType>(
  { document, node, lines, text }: YamlPart,
  name: string,
  schema: Schema,
): z.output<Schema> {
  const [begin, , end] = node?.range ?? [0, 0, Infinity];
  const isWhole = node === document.contents;
  const errors = document.errors.filter(({ pos: [at] }) => isWhole || (at >= begin && at < end));
  const problems: ConfigProblem[] = errors.map((error) => ({
    ...position(lines, error.pos[0]),
    path: '',
    message: syntaxMessage(error, text),
  }));
  // A document with a duplicate key still has a shape worth checking; one that does not parse has none.
  if (errors.every((error) => error.code === 'DUPLICATE_KEY')) {
    let value: unknown;
    try {
      value = node?.toJS(document, { maxAliasCount: 1000 });
    } catch (error) {
      const at = position(lines, begin);
      throw new ConfigError(name, [{ ...at, path: '', message: (error as Error).message }]);
    }
    const result = schema.safeParse(value ?? {}, { reportInput: true, error: settingMessage });
    if (result.success && problems.length === 0) return result.data;
    if (!result.success) {
      for (const issue of result.error.issues) problems.push(...problemsOf(issue, node, lines, schema));
    }
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  throw new ConfigError(name, problems);
}

/** Why a file cannot be read or written, in words; those of the system where it is something rare. */
export function fileProblem({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'is a directory, not a file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return message;
}

function fileText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigError(path, [
      { line: 0, column: 0, path: '', message: fileProblem(error as NodeJS.ErrnoException) },
    ]);
  }
  if (bytes.length > MAX_CONFIG_OCTETS) {
    throw new ConfigError(path, [
      { line: 0, column: 0, path: '', message: `larger than ${MAX_CONFIG_OCTETS} octets` },
    ]);
  }
  return bytes.toString('utf8');
}

function problemText(file: string, { line, column, path, message }: ConfigProblem): string {
  const where = line > 0 ? `${file}:${line}:${column}` : file;
  return path === '' ? `${where}: ${message}` : `${where}: ${path}: ${message}`;
}

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, root: Node | null, lines: LineCounter, schema: z.ZodType): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const meant = suggestion(key, known);
      return {
        ...position(lines, keyOffset(root, issue.path, key)),
        path: pathText([...issue.path, key]),
        message: meant === undefined ? 'unknown key' : `unknown key; did you mean "${meant}"?`,
      };
    });
  }
  if (issue.code === 'invalid_union' && issue.input !== undefined) {
    const nearest = nearestAlternative(issue.errors);
    if (nearest !== undefined) {
      return nearest.flatMap((inner) =>
        problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, root, lines, schema),
      );
    }
  }
  const missing = ['invalid_type', 'invalid_union'].includes(issue.code) && issue.input === undefined;
  return [
    {
      ...position(lines, offsetOf(root, issue.path)),
      path: pathText(issue.path),
      message: missing ? 'is missing' : issue.message,
    },
  ];
}

/** Of the alternatives of a union, the one whose problems lie deepest: what the writer most likely meant. */
function nearestAlternative(alternatives: readonly Issue[][]): Issue[] | undefined {
  let nearest: Issue[] | undefined;
  for (const issues of alternatives) {
    const deep =
      issues.length > 0 && issues.every((issue) => issue.path.length > 0 || issue.code === 'custom');
    if (deep && (nearest === undefined || issues.length < nearest.length)) nearest = issues;
  }
  return nearest;
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where the value of a path begins; for a missing one, where its nearest existing parent begins. */
function offsetOf(root: Node | null, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(root, path.slice(0, length));
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function nodeAt(root: Node | null, path: Path): unknown {
  if (path.length === 0) return root;
  return isCollection(root) ? root.getIn([...path], true) : undefined;
}

function keyOffset(root: Node | null, path: Path, key: string): number {
  const node = nodeAt(root, path);
  if (isMap(node)) {
    for (const pair of node.items) {
      if (isScalar(pair.key) && String(pair.key.value) === key && pair.key.range) return pair.key.range[0];
    }
  }
  return isCollection(node) && node.range ? node.range[0] : offsetOf(root, path);
}

function syntaxMessage({ code, message, pos }: YAMLParseError, text: string): string {
  if (code === 'DUPLICATE_KEY') return `duplicate key "${keyAt(text, pos[0])}"`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a configuration is one document';
  return message;
}

function keyAt(text: string, offset: number): string {
  return /^["']?([^"':\s]+)/.exec(text.slice(offset, offset + 100))?.[1] ?? '';
}

/** `bgp.peers[0].asn` */
function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** The keys that the schema knows at a path, for suggestions. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let schemas: z.core.$ZodType[] = [schema];
  for (const part of path) schemas = schemas.flatMap(unwrapped).flatMap((one) => childSchemas(one, part));
  return schemas.flatMap(unwrapped).flatMap((one) => {
    const { def } = one._zod as z.core.$ZodTypes['_zod'];
    if (def.type === 'object') return Object.keys(def.shape);
    return def.type === 'record' ? [...(def.keyType._zod.values ?? [])].map(String) : [];
  });
}

function childSchemas(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  if (def.type === 'object') {
    const child = def.shape[String(part)];
    return child === undefined ? [] : [child];
  }
  if (def.type === 'array') return [def.element];
  if (def.type === 'record') return [def.valueType];
  return [];
}

/** The object, array or record schemas inside optional, default, transform and union wrappers. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
      return unwrapped(def.innerType);
    case 'pipe':
      return unwrapped(def.in);
    case 'union':
      return def.options.flatMap(unwrapped);
    default:
      return [schema];
  }
}
