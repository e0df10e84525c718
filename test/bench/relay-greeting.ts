/** All that a relay has of a BGP speaker. */

export const MARKER: readonly number[] = Array<number>(16).fill(255);
const KEEPALIVE = [...MARKER, 0, 19, 4];
/** Without capabilities, and without a hold time: nobody in the bench asks. */
const OPEN = [...MARKER, 0, 29, 1, 4, 0, 0, 0, 0, 127, 0, 0, 1, 0];

/** Its side of the handshake: OPEN and KEEPALIVE. */
export const greeting = Uint8Array.from([...OPEN, ...KEEPALIVE]);
