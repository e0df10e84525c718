/** A real Kubernetes control plane without nodes: etcd, API server, and the controllers that make endpoints and tokens. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesApi } from '@vaportrail/kube';
import { DaemonProcess } from '@vaportrail/lab';
import { freePort } from '../free-port.ts';

const TOKEN = 'administrator';
const START = 90_000;

/** Where the programs are: on PATH, or in the folder that VAPORTRAIL_KUBE_BIN names. */
function program(name: string): string | undefined {
  const folders = [process.env['VAPORTRAIL_KUBE_BIN'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Why there can be no cluster here: tap's `skip`. */
export function missingCluster(): string | false {
  const absent = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'].filter(
    (name) => program(name) === undefined,
  );
  if (absent.length === 0) return false;
  return `${absent.join(', ')} not found on PATH, nor in the folder that VAPORTRAIL_KUBE_BIN names`;
}

export class RealCluster {
  readonly #folder: string;
  readonly #ports: { readonly etcd: number; readonly peer: number; readonly api: number };
  #etcd!: DaemonProcess;
  #server!: DaemonProcess;
  #controllers!: DaemonProcess;

  private constructor(folder: string, ports: { etcd: number; peer: number; api: number }) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Ends when the API server is ready. @throws Error with the last words of the program that ended */
  static async start(folder: string): Promise<RealCluster> {
    const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() };
    const cluster = new RealCluster(folder, ports);
    await cluster.#begin();
    return cluster;
  }

  async #begin(): Promise<void> {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    writeFileSync(this.#file('sa.key'), privateKey);
    writeFileSync(this.#file('sa.pub'), publicKey);
    writeFileSync(this.#file('tokens.csv'), `${TOKEN},admin,admin,system:masters\n`);
    writeFileSync(this.#file('admin.kubeconfig'), this.kubeconfig(TOKEN));
    await this.#startAll();
  }

  async #startAll(): Promise<void> {
    const { etcd, peer } = this.#ports;
    const client = `http://127.0.0.1:${etcd}`;
    this.#etcd = new DaemonProcess('etcd', [
      program('etcd')!,
      `--data-dir=${this.#file('etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
    ]);
    await this.startServer();
    this.#controllers = new DaemonProcess('kube-controller-manager', [
      program('kube-controller-manager')!,
      `--kubeconfig=${this.#file('admin.kubeconfig')}`,
      '--controllers=endpoint,endpointslice,serviceaccount,serviceaccount-token',
      `--service-account-private-key-file=${this.#file('sa.key')}`,
      '--leader-elect=false',
      '--port=0',
      '--secure-port=0',
    ]);
  }

  async startServer(): Promise<void> {
    const { etcd, api } = this.#ports;
    this.#server = new DaemonProcess('kube-apiserver', [
      program('kube-apiserver')!,
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      `--secure-port=${api}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--cert-dir=${this.#file('certificates')}`,
      '--service-cluster-ip-range=10.96.0.0/12',
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      `--token-auth-file=${this.#file('tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${this.#file('sa.pub')}`,
      `--service-account-signing-key-file=${this.#file('sa.key')}`,
      '--watch-cache=true',
      '--endpoint-reconciler-type=none',
    ]);
    const admin = this.as(TOKEN);
    await this.#server.answers(() => admin.request('GET', '/api/v1/namespaces/default'), START);
  }

  async stopServer(): Promise<void> {
    await this.#server.stop('SIGKILL');
  }

  /** Another cluster at the same address, with the same keys: nothing of before is there, and versions begin anew. */
  async startAnew(): Promise<void> {
    await this.stop();
    rmSync(this.#file('etcd'), { recursive: true });
    await this.#startAll();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#controllers?.stop('SIGKILL'), this.#server?.stop('SIGKILL')]);
    await this.#etcd?.stop('SIGKILL');
  }

  /** What the API server printed last. */
  get serverOutput(): string {
    return this.#server.output;
  }

  get etcdEndpoint(): string {
    return `http://127.0.0.1:${this.#ports.etcd}`;
  }

  get adminKubeconfig(): string {
    return this.#file('admin.kubeconfig');
  }

  /** A kubeconfig with a token. */
  kubeconfig(token: string): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'real',
          cluster: { server: `https://127.0.0.1:${this.#ports.api}`, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'real', context: { cluster: 'real', user: 'user' } }],
      'current-context': 'real',
    });
  }

  /** The API with somebody's token; the administrator's by default. */
  as(token = TOKEN): KubernetesApi {
    const config = new KubeConfig();
    config.loadFromString(this.kubeconfig(token));
    return new KubernetesApi(config);
  }

  /** The API as a pod has it: with a token in a file, which is replaced from time to time. */
  inPod(tokenFile: string): KubernetesApi {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'real', server: `https://127.0.0.1:${this.#ports.api}`, skipTLSVerify: true },
      { name: 'pod', authProvider: { name: 'tokenFile', config: { tokenFile } } },
    );
    return new KubernetesApi(config);
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}
