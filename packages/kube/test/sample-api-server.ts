/** An API server of a few lines that behaves as badly as a test wants. */
import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Log } from '@vaportrail/show';
import { KubernetesApi, type KubernetesApiOptions } from '../src/kubernetes-api.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export async function apiServer(t: Test, answer: Answer, options: KubernetesApiOptions = {}) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response, new URL(request.url!, 'http://api'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test', token: 'secret' },
  );
  return { api: new KubernetesApi(config, options), requests, server };
}

export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** A Service as the server has it. */
export function raw(name: string, version: string, spec: object = {}, metadata: object = {}) {
  return {
    metadata: { name, namespace: 'ns', resourceVersion: version, ...metadata },
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }], ...spec },
  };
}

export function list(version: string, ...items: unknown[]) {
  return { metadata: { resourceVersion: version }, items };
}

/** A line of a watch. */
export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** Whether a request asks how far the server is, and not for objects. */
export function isProbe(url: URL): boolean {
  return url.searchParams.get('limit') === '1';
}

/** A log that keeps its warnings. */
export function keptLog(): { readonly log: Log; readonly warnings: string[] } {
  const warnings: string[] = [];
  const warn = (_: object, message: string): void => void warnings.push(message);
  const log: Log = { debug() {}, info() {}, warn, error: warn, child: () => log };
  return { log, warnings };
}
