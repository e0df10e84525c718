/** A cluster of real etcd members on loopback, for the time of a test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const program = '/usr/bin/etcd';

export const etcdMissing: string | false = existsSync(program)
  ? false
  : 'etcd is not installed (Debian, Ubuntu: apt-get install etcd-server)';

export interface EtcdCluster {
  readonly endpoints: readonly string[];
  /** Kills one member at once. */
  kill(member: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts members that form one cluster, and waits until it has a leader. */
export async function startEtcd(folder: string, count: number): Promise<EtcdCluster> {
  const ports = await freePorts(2 * count);
  const client = (i: number): string => `http://127.0.0.1:${ports[2 * i]}`;
  const peer = (i: number): string => `http://127.0.0.1:${ports[2 * i + 1]}`;
  const indexes = Array.from({ length: count }, (_, i) => i);
  const members = indexes.map((i) =>
    spawn(
      program,
      [
        ['--name', `m${i}`],
        ['--data-dir', join(folder, `m${i}`)],
        ['--listen-client-urls', client(i)],
        ['--advertise-client-urls', client(i)],
        ['--listen-peer-urls', peer(i)],
        ['--initial-advertise-peer-urls', peer(i)],
        ['--initial-cluster', indexes.map((j) => `m${j}=${peer(j)}`).join(',')],
        ['--heartbeat-interval', '50'],
        ['--election-timeout', '500'],
        ['--logger', 'zap'],
      ].flat(),
      { stdio: 'ignore' },
    ),
  );
  const end = async (member: ChildProcess): Promise<void> => {
    if (member.exitCode !== null || member.signalCode !== null) return;
    const gone = new Promise((resolve) => member.once('exit', resolve));
    member.kill('SIGKILL');
    await gone;
  };
  const stop = async (): Promise<void> => void (await Promise.all(members.map(end)));
  for (let attempt = 0; ; attempt++) {
    if (await Promise.all(indexes.map((i) => isHealthy(client(i)))).then((all) => all.every(Boolean))) break;
    if (attempt === 150) {
      await stop();
      throw new Error('etcd has no leader after 15 s');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { endpoints: indexes.map(client), kill: (i) => end(members[i]!), stop };
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
