/** Plain manifests from files and folders, read again when they change. */
import { fileProblem, silentLog, type Log } from '@vaportrail/show';
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { keyOf } from './cluster.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { readManifests, type ManifestFile } from './manifest-file.ts';
import { expand, type WorkloadSettings } from './workload.ts';

/** Who takes the objects in. */
export interface ObjectSink {
  put(one: KubernetesObject): void;
  remove(key: string): void;
  synced(): void;
}

export interface ManifestSourceOptions extends WorkloadSettings {
  readonly paths: readonly string[];
  readonly log?: Log;
}

/** Editors write a file in several steps: milliseconds to wait for the last one. */
const SETTLE = 50;
const MAX_FILE_OCTETS = 16 * 1024 * 1024;

export class ManifestSource {
  readonly #options: ManifestSourceOptions;
  readonly #sink: ObjectSink;
  readonly #log: Log;
  /** The last state of each file that could be used. */
  readonly #files = new Map<string, { text: string; read: ManifestFile }>();
  #present = new Map<string, KubernetesObject>();
  #told = new Set<string>();
  /** `file:line` of objects by their keys. */
  #places = new Map<string, string>();
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: ObjectSink, options: ManifestSourceOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#log = options.log ?? silentLog;
  }

  /**
   * Reads everything and follows the files from then on.
   * @throws Error when a path that was named does not exist
   */
  start(): void {
    for (const path of this.#options.paths) statSync(path);
    this.read();
    this.#sink.synced();
    for (const path of this.#options.paths) {
      // Editors put a new file in the place of the old one, whose watch would hear nothing more: its folder does.
      const isFolder = statSync(path).isDirectory();
      const watcher = watch(isFolder ? path : dirname(path), { recursive: isFolder }, (_, name) => {
        if (isFolder || name === null || name === basename(path)) this.#changed();
      });
      watcher.on('error', (error) => this.#log.warn({ path, err: error }, 'changes are no longer seen'));
      this.#watchers.push(watcher);
    }
  }

  /** Looks at the files no longer. */
  stop(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  /** Problems and notes of the last reading. */
  get problems(): readonly string[] {
    return [...this.#told];
  }

  /** `file:line` of an object; undefined for one that follows from others. */
  placeOf(key: string): string | undefined {
    return this.#places.get(key);
  }

  /** Reads all files again, and passes on what differs. */
  read(): void {
    const said = new Set<string>();
    const given = new Map<string, { readonly one: KubernetesObject; readonly place: string }>();
    const paths = new Set(this.#paths(said));
    for (const path of paths) {
      const file = this.#read(path, said);
      if (file === undefined) continue;
      for (const [index, one] of file.objects.entries()) {
        const place = file.places[index]!;
        const key = keyOf(one);
        const first = given.get(key)?.place;
        if (first === undefined) given.set(key, { one, place });
        else said.add(`${place}: ${key} is defined already at ${first}, which is used`);
      }
      for (const text of [...file.problems, ...file.notes]) said.add(text);
    }
    for (const path of this.#files.keys()) if (!paths.has(path)) this.#files.delete(path);
    this.#places = new Map(Array.from(given, ([key, { place }]) => [key, place]));
    const objects = Array.from(given.values(), ({ one }) => one);
    const workload = expand(objects, this.#options);
    for (const problem of workload.problems) said.add(problem);
    for (const text of said) if (!this.#told.has(text)) this.#log.warn({}, text);
    this.#told = said;
    const present = new Map(workload.objects.map((one) => [keyOf(one), one]));
    for (const key of this.#present.keys()) if (!present.has(key)) this.#sink.remove(key);
    for (const [key, one] of present) {
      if (!isDeepStrictEqual(one, this.#present.get(key))) this.#sink.put(one);
    }
    this.#present = present;
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      try {
        this.read();
      } catch (error) {
        this.#log.error({ err: error }, 'the manifests could not be read');
      }
    }, SETTLE);
  }

  *#paths(said: Set<string>): Iterable<string> {
    for (const path of this.#options.paths) {
      try {
        if (!statSync(path).isDirectory()) {
          yield path;
          continue;
        }
        const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
        // Hidden ones are the volume's own: Kubernetes mounts a ConfigMap as links to what is in `..data`.
        for (const name of names) if (/^(?!\.|.*\/\.).*\.(ya?ml|json)$/.test(name)) yield join(path, name);
      } catch (error) {
        said.add(`${path}: ${fileProblem(error as NodeJS.ErrnoException)}`);
        // A folder that is gone has nothing in it; one that cannot be read just now still has what it had.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        for (const known of this.#files.keys()) if (known.startsWith(join(path, '/'))) yield known;
      }
    }
  }

  /** A file as it is now; where it, or a document of it, is wrong, with what that last was. */
  #read(path: string, said: Set<string>): ManifestFile | undefined {
    const before = this.#files.get(path);
    let text: string;
    try {
      text = manifestText(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        // Removed since the folder was read.
        this.#files.delete(path);
        return undefined;
      }
      said.add(`${path}${(error as Error).message}`);
      return before?.read;
    }
    if (before?.text === text) return before.read;
    let read = readManifests(text, path);
    if (read.problems.length > 0 && before !== undefined) {
      const now = new Set(read.objects.map(keyOf));
      const kept = [...before.read.objects.entries()].filter(([, one]) => !now.has(keyOf(one)));
      read = {
        ...read,
        objects: [...read.objects, ...kept.map(([, one]) => one)],
        places: [...read.places, ...kept.map(([index]) => before.read.places[index]!)],
      };
    }
    this.#files.set(path, { text, read });
    return read;
  }
}

/** @throws Error whose message follows the path, ENOENT as it comes */
function manifestText(path: string): string {
  let octets: Buffer;
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_OCTETS) throw new Error(`${size} octets are more than ${MAX_FILE_OCTETS}`);
    octets = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    throw new Error(`: ${(error as Error).message}; what it last said stays`, { cause: error });
  }
  const text = new TextDecoder().decode(octets);
  if (isUtf8(octets)) return text;
  const line = text.slice(0, text.indexOf('\ufffd')).split('\n').length;
  throw new Error(`:${line}: is not UTF-8; what it last said stays`);
}
