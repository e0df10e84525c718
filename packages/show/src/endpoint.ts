/**
 * Which daemons run on this machine and where their views are: a daemon leaves a note in a folder of its user, and
 * `vaportrail show` finds it there without being told an address.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const note = z.object({
  name: z.string(),
  kind: z.enum(['control-node', 'agent', 'gateway', 'kube', 'config-node']),
  url: z.string().regex(/^http:\/\//),
  pid: z.number().int().positive(),
  /** Added to every query: `{ agent: 'cent222' }` where one process has several agents. */
  query: z.record(z.string(), z.string()).exactOptional(),
  /**
   * Of a process with several agents, as a whole, which is asked nothing: `compute-{n:5}`, what agents are called that have no
   * note of their own; empty where all have one.
   */
  members: z.string().exactOptional(),
});

/** A running daemon and where it serves its views. */
export type Endpoint = z.output<typeof note>;

/** The folder of the notes: `$XDG_RUNTIME_DIR/vaportrail`, or one per user below the temporary folder. */
function endpointFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `vaportrail-${process.getuid?.() ?? 0}`)
    : join(runtime, 'vaportrail');
}

/** Leaves the note of a daemon of this process; the function it yields takes it back. */
export function announceEndpoint(endpoint: Omit<Endpoint, 'pid'>, folder = endpointFolder()): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${process.pid}-${endpoint.kind}-${encodeURIComponent(endpoint.name)}.json`);
  writeFileSync(path, JSON.stringify({ ...endpoint, pid: process.pid } satisfies Endpoint), { mode: 0o600 });
  return takenBackAtExit(path);
}

/** Notes of this process; one listener takes back all that are left. */
const notes = new Set<string>();
process.on('exit', () => {
  for (const path of notes) rmSync(path, { force: true });
});

function takenBackAtExit(path: string): () => void {
  notes.add(path);
  return () => {
    notes.delete(path);
    rmSync(path, { force: true });
  };
}

/** The daemons of this user that run, by kind and name; notes of those that were killed are swept. */
export function findEndpoints(folder = endpointFolder()): Endpoint[] {
  let names: string[];
  try {
    // A folder that somebody else prepared is not believed.
    if (process.getuid !== undefined && statSync(folder).uid !== process.getuid()) return [];
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  const found: Endpoint[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const endpoint = readNote(path);
    if (endpoint === undefined) continue;
    if (isRunning(endpoint.pid)) found.push(endpoint);
    else rmSync(path, { force: true });
  }
  const order = ['control-node', 'gateway', 'agent', 'config-node'];
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
}

function readNote(path: string): Endpoint | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Being written at this moment, or not ours.
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const router = z.object({
  kind: z.enum(['frr', 'gobgp', 'bird']),
  name: z.string(),
  /** Where it takes commands: the folder of the vty socket, or the address of the API. */
  at: z.string(),
  pid: z.number().int().positive(),
});

/** A router of somebody else's that a lab has started. */
export type RouterNote = z.output<typeof router>;

/** Leaves the note of a router that this process started; the function it yields takes it back. */
export function announceRouter(note: Omit<RouterNote, 'pid'>, folder = endpointFolder()): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${process.pid}-${note.kind}.router`);
  writeFileSync(path, JSON.stringify({ ...note, pid: process.pid } satisfies RouterNote), { mode: 0o600 });
  return takenBackAtExit(path);
}

/** The routers of the labs that this user runs. */
export function findRouters(folder = endpointFolder()): RouterNote[] {
  try {
    if (process.getuid !== undefined && statSync(folder).uid !== process.getuid()) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.router'))
      .map((name) => router.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
      .filter(({ pid }) => isRunning(pid));
  } catch {
    return [];
  }
}
