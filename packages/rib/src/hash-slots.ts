/**
 * Open addressing over records that stand in one array, their hash in word 0: a slot holds the number of a record, 0 none. A
 * record is in the slot its hash names or, where others were there before, in the next free one behind it. At least half of
 * the slots are free, and there are as many as a power of two.
 *
 * Looking a record up is up to whoever knows when two are the same.
 */

/** Puts a record that is in no slot into the first free one. */
export function place(slots: Int32Array, words: Int32Array, recordWords: number, number: number): void {
  const mask = slots.length - 1;
  let slot = words[number * recordWords]! & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = number;
}

/** Takes a record out of its slot and closes the gap, so that no tombstones pile up. */
export function displace(slots: Int32Array, words: Int32Array, recordWords: number, number: number): void {
  const mask = slots.length - 1;
  let gap = words[number * recordWords]! & mask;
  while (slots[gap] !== number) gap = (gap + 1) & mask;
  for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const home = words[slots[slot]! * recordWords]! & mask;
    if (((slot - home) & mask) >= ((slot - gap) & mask)) {
      slots[gap] = slots[slot]!;
      gap = slot;
    }
  }
  slots[gap] = 0;
}
