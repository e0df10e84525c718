/**
 * The manifests a story plays with: a copy of the user's, so that his stay as they are. A Service is created and deleted
 * by its file, its Deployment scaled by `replicas`, as anybody would with an editor.
 */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defaultSettings, expand, readManifests, type KubernetesObject } from '@vaportrail/kube';
import { parseAllDocuments } from 'yaml';
import { removeFolder, temporaryFolder } from './daemon-process.ts';

/** A pod as the manifests will have it. */
export interface PlacedPod {
  readonly name: string;
  readonly node: string;
}

export class StoryManifests {
  readonly folder: string;
  readonly #service: string;
  readonly #serviceFile: { readonly name: string; readonly text: string };
  readonly #deployment: { readonly file: string; readonly name: string };
  readonly #objects: readonly KubernetesObject[];

  private constructor(
    folder: string,
    service: string,
    files: ReadonlyMap<string, { text: string; objects: readonly KubernetesObject[] }>,
  ) {
    this.folder = folder;
    this.#service = service;
    const all = [...files].flatMap(([file, { text, objects }]) =>
      objects.map((one) => ({ file, text, one, alone: objects.length === 1 })),
    );
    const found = all.find(({ one }) => one.kind === 'Service' && one.object.metadata.name === service);
    if (found?.one.kind !== 'Service') throw new Error(`${folder}: no manifest has a Service ${service}`);
    if (!found.alone) throw new Error(`${found.file}: Service ${service} must have a file of its own`);
    this.#serviceFile = { name: found.file, text: found.text };
    const selector = Object.entries(found.one.object.spec.selector ?? {});
    const behind = all.find(
      ({ one }) =>
        one.kind === 'Deployment' &&
        selector.every(([key, value]) => one.object.spec.template.metadata.labels[key] === value),
    );
    if (behind === undefined) throw new Error(`${folder}: no Deployment stands behind Service ${service}`);
    this.#deployment = { file: behind.file, name: behind.one.object.metadata.name };
    this.#objects = all.map(({ one }) => one);
  }

  /**
   * Copies a folder of manifests, without the Service.
   * @throws Error when a manifest is wrong, or there is no such Service with a Deployment behind it
   */
  static async copy(from: string, service: string): Promise<StoryManifests> {
    const folder = await temporaryFolder('manifests');
    try {
      await cp(from, folder, { recursive: true });
      const files = new Map<string, { text: string; objects: readonly KubernetesObject[] }>();
      for (const name of await readdir(folder, { recursive: true })) {
        if (!/\.(ya?ml|json)$/.test(name)) continue;
        const text = await readFile(join(folder, name), 'utf8');
        const { objects, problems } = readManifests(text, join(from, name));
        if (problems.length > 0) throw new Error(problems.join('\n'));
        files.set(name, { text, objects });
      }
      const manifests = new StoryManifests(folder, service, files);
      await manifests.set(0);
      return manifests;
    } catch (error) {
      await removeFolder(folder);
      throw error;
    }
  }

  /** What {@link set} does, for a reader. */
  announcement(backends: number): string {
    if (backends === 0) return `rm ${this.#serviceFile.name}`;
    return `${this.#serviceFile.name} is there, replicas: ${backends} in ${basename(this.#deployment.file)}`;
  }

  /** So many pods behind the Service; with none the Service itself is not there. */
  async set(backends: number): Promise<void> {
    const { file, name } = this.#deployment;
    const path = join(this.folder, file);
    const before = await readFile(path, 'utf8');
    const documents = parseAllDocuments(before);
    for (const document of documents) {
      if (document.get('kind') !== 'Deployment' || document.getIn(['metadata', 'name']) !== name) continue;
      document.setIn(['spec', 'replicas'], Math.max(1, backends));
    }
    const after = documents.map((document) => document.toString()).join('');
    if (after !== before) await writeFile(path, after);
    const service = join(this.folder, this.#serviceFile.name);
    if (backends === 0) await rm(service, { force: true });
    else await writeFile(service, this.#serviceFile.text);
  }

  /** The first pods behind the Service, in the order in which scaling up starts them. */
  pods(count: number): PlacedPod[] {
    const scaled = this.#objects.map((one): KubernetesObject =>
      one.kind === 'Deployment' && one.object.metadata.name === this.#deployment.name
        ? { ...one, object: { ...one.object, spec: { ...one.object.spec, replicas: count } } }
        : one,
    );
    const { objects } = expand(scaled, { serviceSubnet: defaultSettings.serviceSubnet });
    const endpoints = objects.find(
      (one) => one.kind === 'Endpoints' && one.object.metadata.name === this.#service,
    );
    const addresses =
      endpoints?.kind === 'Endpoints' ? endpoints.object.subsets.flatMap((subset) => subset.addresses) : [];
    return addresses.map(({ nodeName = '', targetRef }) => ({ name: targetRef?.name ?? '', node: nodeName }));
  }

  /** Removes the copy. */
  remove(): Promise<void> {
    return removeFolder(this.folder);
  }
}
