/** The file of the embedded store, as every thread opens it. */
import { open, type RootDatabase } from 'lmdb';

/**
 * Octets of address space for the file. LMDB would begin with few, and keep a mapping of each size it outgrew; address
 * space is not memory, and a file that is larger is mapped anew.
 */
const ADDRESS_SPACE = 16 * 2 ** 30;

/** Keys and values of text. Threads of one process share it. */
export function openLmdbFile(path: string): RootDatabase<string, string> {
  return open<string, string>({ path, noSubdir: true, encoding: 'string', mapSize: ADDRESS_SPACE });
}
