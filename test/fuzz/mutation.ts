/** Small damage to bytes, as broken or hostile peers do it. All choices come from one seed, so a run can be repeated. */

/** A small fast generator of numbers (xorshift): not random enough for secrets, plenty for this. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** An integer from 0 to `sides - 1`. */
  roll(sides: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % sides;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.roll(list.length)]!;
  }
}

/** Octets that have a meaning somewhere: bounds of lengths, flags, markers. */
const interesting = [
  0x00, 0x01, 0x02, 0x04, 0x0f, 0x10, 0x20, 0x21, 0x40, 0x50, 0x7f, 0x80, 0x81, 0x90, 0xc0, 0xf0, 0xfe, 0xff,
];

type Mutation = (bytes: number[], dice: Dice, other: Uint8Array) => void;

const mutations: readonly Mutation[] = [
  // one bit, one octet, a few octets
  (bytes, dice) => void (bytes[dice.roll(bytes.length)]! ^= 1 << dice.roll(8)),
  (bytes, dice) => void (bytes[dice.roll(bytes.length)] = dice.pick(interesting)),
  (bytes, dice) => void (bytes[dice.roll(bytes.length)] = dice.roll(256)),
  // one more or less: lengths that are off by one
  (bytes, dice) => {
    const at = dice.roll(bytes.length);
    bytes[at] = (bytes[at]! + (dice.roll(2) === 0 ? 1 : 255)) & 0xff;
  },
  // cut out, cut off, repeat, insert
  (bytes, dice) => void bytes.splice(dice.roll(bytes.length), 1 + dice.roll(8)),
  (bytes, dice) => void bytes.splice(dice.roll(bytes.length)),
  (bytes, dice) => {
    const at = dice.roll(bytes.length);
    bytes.splice(at, 0, ...bytes.slice(at, at + 1 + dice.roll(24)));
  },
  (bytes, dice) => void bytes.splice(dice.roll(bytes.length), 0, dice.pick(interesting), dice.roll(256)),
  // a piece of another message
  (bytes, dice, other) => {
    const from = dice.roll(other.length);
    bytes.splice(dice.roll(bytes.length), dice.roll(12), ...other.subarray(from, from + 1 + dice.roll(40)));
  },
];

/** The bytes with one to four mutations; never longer than `longest`. */
export function mutate(bytes: Uint8Array, other: Uint8Array, dice: Dice, longest: number): Uint8Array {
  const changed = [...bytes];
  for (let left = 1 + dice.roll(4); left > 0 && changed.length > 0; left--) {
    dice.pick(mutations)(changed, dice, other);
  }
  return Uint8Array.from(changed.slice(0, longest));
}
