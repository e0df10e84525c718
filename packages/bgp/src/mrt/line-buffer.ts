/** Lines of text as octets, collected into pieces: no string is made of what can be written digit by digit. */

/** Lines are handed on in pieces of about this size. */
const PIECE_OCTETS = 128 * 1024;
/** Pieces that are kept to be filled again. */
const MAX_FREE = 16;
const ZERO = 0x30;
const DOT = 0x2e;

/** Holds lines until a piece is full. */
export class LineBuffer {
  /** The piece being filled; {@link at} is where it goes on. */
  bytes = Buffer.allocUnsafeSlow(PIECE_OCTETS);
  at = 0;
  readonly #write: (piece: Buffer) => void;
  readonly #free: (typeof this.bytes)[] = [];

  /** `write` gets the pieces, which it may keep. */
  constructor(write: (piece: Buffer) => void) {
    this.#write = write;
  }

  /** Makes room for so many octets in one piece. */
  reserve(octets: number): void {
    if (this.at + octets <= this.bytes.length) return;
    this.flush();
    if (octets > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(octets);
  }

  /** Takes text of one octet a character. */
  text(text: string): void {
    this.reserve(text.length);
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  /** Hands on what is held. */
  flush(): void {
    if (this.at === 0) return;
    const piece = this.bytes.subarray(0, this.at);
    this.bytes = this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE_OCTETS);
    this.at = 0;
    this.#write(piece);
  }

  /** Takes back a piece that nobody looks at any more, to be filled again. */
  recycle(piece: Buffer): void {
    if (piece.buffer.byteLength === PIECE_OCTETS && this.#free.length < MAX_FREE)
      this.#free.push(Buffer.from(piece.buffer as ArrayBuffer));
  }
}

/** Copies `source[from…end)` and gives the offset behind it. Shorter than what a call of `set` costs. */
export function writeOctets(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  end: number,
): number {
  for (let i = from; i < end; i++) target[at++] = source[i]!;
  return at;
}

/** Writes an unsigned number of up to 32 bits in decimal and gives the offset behind it. */
export function writeDecimal(target: Uint8Array, at: number, value: number): number {
  if (value > 0x7fff_ffff) {
    const high = Math.floor(value / 100_000);
    const end = writeDecimal(target, at, high) + 5;
    writeDigits(target, end, value - high * 100_000, end - 5);
    return end;
  }
  const end = at + digitsOf(value);
  writeDigits(target, end, value, at);
  return end;
}

/** Fills `target[start…end)` with the last digits of a number. */
function writeDigits(target: Uint8Array, end: number, value: number, start: number): void {
  for (let rest = value | 0; end > start;) {
    const next = (rest / 10) | 0;
    target[--end] = ZERO + rest - next * 10;
    rest = next;
  }
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  if (value < 100_000_000) return 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** Writes the IPv4 address in `source[from…from + 4)` and gives the offset behind it. */
export function writeIpv4(target: Uint8Array, at: number, source: Uint8Array, from: number): number {
  at = writeDecimal(target, at, source[from]!);
  target[at++] = DOT;
  at = writeDecimal(target, at, source[from + 1]!);
  target[at++] = DOT;
  at = writeDecimal(target, at, source[from + 2]!);
  target[at++] = DOT;
  return writeDecimal(target, at, source[from + 3]!);
}
