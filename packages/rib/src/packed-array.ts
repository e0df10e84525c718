/**
 * How arrays of packed memory grow: small ones double, and from half a megabyte on a large reserve is made at once. Pages
 * of it that are not touched cost nothing, while every copy stops the loop.
 *
 * The reserve is shared memory because the garbage collector does not count that. It would take a reserve of private
 * memory for memory in use, and go looking for garbage in the middle of the first million routes.
 */

const SMALL_WORDS = 1 << 17;
const RESERVED_WORDS = 1 << 25;

/** A copy with more room: at least for `words`, and a multiple of the length there was. */
export function enlarged(array: Int32Array, words = array.length + 1): Int32Array {
  const { length } = array;
  let wanted = Math.max(16, length);
  while (wanted < words) wanted *= 2;
  const larger = wanted <= SMALL_WORDS ? new Int32Array(wanted) : reserved(wanted);
  larger.set(array);
  return larger;
}

/** A copy twice as long, without a reserve. */
export function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function reserved(words: number): Int32Array {
  let most = words;
  while (most < RESERVED_WORDS) most *= 2;
  if (most === words) most *= 4;
  // Where the system does not lend what may never be used, less will do.
  for (; most > words; most /= 2) {
    try {
      return new Int32Array(new SharedArrayBuffer(most * 4));
    } catch {
      continue;
    }
  }
  return new Int32Array(new SharedArrayBuffer(words * 4));
}

/**
 * Lets the garbage collector know that so many words of packed memory are garbage now. It would not notice by itself, but
 * does look when an array as large is made, which costs nothing as long as nobody touches it.
 */
export function forgotten(words: number): void {
  if (words > SMALL_WORDS) new ArrayBuffer(words * 4);
}
