/** A folder that belongs to one process: a file in it says to which, and one that is dead owns nothing. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './store.ts';

const NAME = 'in-use-by';
/** Two that find a dead owner at the same moment get in each other's way once. */
const ATTEMPTS = 3;

export class FolderLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws StoreError naming the process that has it */
  static take(folder: string): FolderLock {
    const path = join(folder, NAME);
    const mine = `${path}.${process.pid}`;
    writeFileSync(mine, ownerText(process.pid));
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          // A link comes with its content, or not at all.
          linkSync(mine, path);
          return new FolderLock(path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        const owner = owningProcess(path);
        if (owner !== undefined || attempt === ATTEMPTS)
          throw new StoreError(
            `${folder} is in use by process ${owner ?? '?'}: a folder is for one config node, etcd is for several`,
          );
        rmSync(path, { force: true });
      }
    } finally {
      rmSync(mine, { force: true });
    }
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/** The process that holds the file and lives; its number may belong to another one by now. */
function owningProcess(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number(text.split(' ', 1)[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return isAlive(pid) && ownerText(pid) === text ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The number of a process, and when it began where the system tells: in clock ticks since the machine's start. */
function ownerText(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything; the start is the 20th word behind it.
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return `${pid} `;
  }
}
