/** A cluster of real etcd members on loopback, for the time of a test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import type { Test } from 'tap';

const program = '/usr/bin/etcd';

export const etcdMissing: string | false = existsSync(program)
  ? false
  : 'etcd is not installed (Debian, Ubuntu: apt-get install etcd-server)';

export interface EtcdCluster {
  readonly endpoints: readonly string[];
  /** Kills one member at once. */
  kill(member: number): Promise<void>;
  /** Starts one that was killed; ends when it serves. */
  restart(member: number): Promise<void>;
  /** Copies what the killed member of a cluster of one has. */
  backup(to: string): void;
  /** Starts the killed member of a cluster of one with a backup: its history is another from there on. */
  restore(from: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts members that form one cluster, and waits until it has a leader. */
export async function startEtcd(folder: string, count: number): Promise<EtcdCluster> {
  const ports = await freePorts(2 * count);
  const client = (i: number): string => `http://127.0.0.1:${ports[2 * i]}`;
  const peer = (i: number): string => `http://127.0.0.1:${ports[2 * i + 1]}`;
  const indexes = Array.from({ length: count }, (_, i) => i);
  const data = indexes.map((i) => join(folder, `m${i}`));
  const initial = indexes.map((j) => `m${j}=${peer(j)}`).join(',');
  const start = (i: number): ChildProcess =>
    spawn(
      program,
      [
        ['--name', `m${i}`],
        ['--data-dir', data[i]!],
        ['--listen-client-urls', client(i)],
        ['--advertise-client-urls', client(i)],
        ['--listen-peer-urls', peer(i)],
        ['--initial-advertise-peer-urls', peer(i)],
        ['--initial-cluster', initial],
        ['--heartbeat-interval', '50'],
        ['--election-timeout', '500'],
        ['--logger', 'zap'],
      ].flat(),
      { stdio: 'ignore' },
    );
  const members = indexes.map(start);
  const end = async (member: ChildProcess): Promise<void> => {
    if (member.exitCode !== null || member.signalCode !== null) return;
    const gone = new Promise((resolve) => member.once('exit', resolve));
    member.kill('SIGKILL');
    await gone;
  };
  const stop = async (): Promise<void> => void (await Promise.all(members.map(end)));
  const healthy = async (which: readonly number[]): Promise<void> => {
    for (let attempt = 0; attempt < 150; attempt++) {
      const all = await Promise.all(which.map((i) => isHealthy(client(i))));
      if (all.every(Boolean)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await stop();
    throw new Error('etcd has no leader after 15 s');
  };
  await healthy(indexes);
  const restart = async (i: number): Promise<void> => {
    members[i] = start(i);
    await healthy([i]);
  };
  const backup = (to: string): void => cpSync(data[0]!, to, { recursive: true });
  const restore = async (from: string): Promise<void> => {
    data[0] = from;
    await restart(0);
  };
  return { endpoints: indexes.map(client), kill: (i) => end(members[i]!), restart, backup, restore, stop };
}

/** Forgets all history, as `etcdctl compact` does. */
export async function compact(endpoint: string): Promise<void> {
  const client = new Etcd3({ hosts: endpoint });
  const { header } = await client.get('nothing').exec();
  await client.kv.compact({ revision: header.revision, physical: true });
  client.close();
}

/** A link to a member that can be cut: nobody gets through, and who was through is thrown out. */
export async function cutLink(
  t: Test,
  endpoint: string,
): Promise<{ readonly endpoint: string; cut(): void; mend(): void }> {
  const { hostname, port } = new URL(endpoint);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    if (isCut) near.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    isCut = true;
    for (const each of open) each.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint: at, cut, mend: () => void (isCut = false) };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = (await (await fetch(`${url}/health`)).json()) as { health: string };
    return answer.health === 'true';
  } catch {
    return false;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
