/**
 * With what the API server is asked: a kubeconfig, or the account of the pod. Both change while we run: tokens of pods are
 * replaced every hour, certificates by whoever looks after the nodes. Files are read for every request, and a kubeconfig
 * again when the server no longer takes what it said.
 */
import { bufferFromFileOrString, KubeConfig, type User } from '@kubernetes/client-node';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';

const MADE_UP_SERVER = 'http://localhost:8080';

export class KubernetesCredentials {
  readonly #load: (() => KubeConfig) | undefined;
  #config: KubeConfig;

  /** @throws Error when the configuration names no cluster */
  constructor(config: KubeConfig, load?: () => KubeConfig) {
    this.#config = config;
    this.#load = load;
    if (config.getCurrentCluster() === null)
      throw new Error('the kubeconfig names no cluster: it has no current context');
  }

  /**
   * From a kubeconfig file; without one from `$KUBECONFIG`, the home folder, or the pod this runs in.
   * @throws Error when there is none of them, or it cannot be read
   */
  static from(file: string | undefined): KubernetesCredentials {
    const load = (): KubeConfig => {
      const config = new KubeConfig();
      if (file === undefined) config.loadFromDefault();
      else config.loadFromFile(file);
      return config;
    };
    const config = load();
    // Where the library has found nothing it makes up a server without TLS, to which it then gives no credentials.
    if (file === undefined && config.getCurrentCluster()?.server === MADE_UP_SERVER)
      throw new Error(
        'there is no kubeconfig ($KUBECONFIG, ~/.kube/config) and this is no pod: name one with --kubeconfig, or manifests with -f',
      );
    return new KubernetesCredentials(config, load);
  }

  /** The URL of the API server. */
  get server(): string {
    return this.#config.getCurrentCluster()!.server;
  }

  /** @throws Error naming the file when one that the kubeconfig names cannot be read */
  async options(): Promise<RequestOptions> {
    const options: RequestOptions = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const token = tokenOf(this.#config.getCurrentUser());
    // The library reads the file of a token once a minute: one that was taken back in between would be sent on.
    if (token !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    return options;
  }

  /** Reads the kubeconfig again; one that cannot be read just now stays what it was. */
  renew(): void {
    try {
      const config = this.#load?.();
      if (config !== undefined && config.getCurrentCluster() !== null) this.#config = config;
    } catch {
      // It may be in the middle of being written.
    }
  }

  /** Why they may not be taken: what of them has expired. */
  get problem(): string | undefined {
    const user = this.#config.getCurrentUser();
    try {
      const expired = user === null ? undefined : expiryOf(user);
      return expired === undefined || expired.at > Date.now()
        ? undefined
        : `our ${expired.what} expired on ${new Date(expired.at).toISOString()}`;
    } catch {
      return undefined;
    }
  }
}

function tokenOf(user: User | null): string | undefined {
  const { tokenFile } = (user?.authProvider as { config?: { tokenFile?: string } } | undefined)?.config ?? {};
  return tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
}

/** When the client certificate, or a token that says so, is over. */
function expiryOf(user: User): { readonly what: string; readonly at: number } | undefined {
  const certificate = bufferFromFileOrString(user.certFile, user.certData);
  if (certificate !== null)
    return { what: 'client certificate', at: Date.parse(new X509Certificate(certificate).validTo) };
  const [, payload] = (tokenOf(user) ?? user.token ?? '').split('.');
  if (payload === undefined) return undefined;
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: unknown };
  return typeof exp === 'number' ? { what: 'token', at: exp * 1000 } : undefined;
}
