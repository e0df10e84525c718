/**
 * What a recording consists of: everything a daemon was told, in the order it was told, and when. One record is one
 * JSON object on a line of its own, so that a recording can be read, searched and cut with ordinary tools.
 *
 * Octets of XMPP are text of which each character is one octet (ISO 8859-1); BGP messages are in hexadecimal.
 */

/** The version of the format; a reader refuses later ones. */
export const RECORDING_FORMAT = 1;

export const recordedDaemons = ['control-node', 'agent'] as const;
export type RecordedDaemon = (typeof recordedDaemons)[number];

export type RecordedEvent =
  /** The daemon starts with a configuration, as its file may say it. Passwords are left out. */
  | {
      readonly type: 'start';
      readonly format: number;
      readonly daemon: RecordedDaemon;
      readonly name: string;
      readonly config: unknown;
    }
  /** The configuration was read again. */
  | { readonly type: 'config'; readonly config: unknown }
  /** A session came up. `octets`: its stream header, and what came with it. */
  | {
      readonly type: 'xmpp-open';
      readonly session: number;
      readonly address: string;
      readonly port: number;
      readonly octets: string;
      /** Which agent of the process (recordings of agents). */
      readonly agent?: string;
    }
  | { readonly type: 'xmpp'; readonly session: number; readonly octets: string }
  /** `condition`: the stream error with which the daemon itself ended the session. */
  | {
      readonly type: 'xmpp-closed';
      readonly session: number;
      readonly because: string;
      readonly condition?: string;
    }
  /** An attempt of an agent to reach a control node came to nothing. */
  | {
      readonly type: 'xmpp-failed';
      readonly agent: string;
      readonly address: string;
      readonly port: number;
      readonly because: string;
    }
  /** A session became Established. `open`: the whole OPEN of the peer. */
  | {
      readonly type: 'bgp-open';
      readonly session: number;
      readonly address: string;
      readonly port: number;
      readonly open: string;
    }
  /** Any message in Established. */
  | { readonly type: 'bgp'; readonly session: number; readonly message: string }
  | { readonly type: 'bgp-closed'; readonly session: number; readonly because: string }
  /** A program changed an agent, or gave it a packet: a method of `Agent` with its arguments. */
  | {
      readonly type: 'call';
      readonly agent: string;
      readonly method: string;
      readonly arguments: readonly unknown[];
    }
  /** A line of a config node's `/watch/objects`, of which a control node tells its agents. `first`: of a new stream. */
  | { readonly type: 'objects'; readonly line: unknown; readonly first: boolean }
  /** The daemon was stopped. */
  | { readonly type: 'stop' }
  /** The recording has reached its limit and ends here; the daemon went on. */
  | { readonly type: 'full' };

export type RecordType = RecordedEvent['type'];

/** An event with the time of it, in milliseconds since the epoch. */
export type RecordLine = RecordedEvent & { readonly at: number };

/** The fields that a record of a type must have, and of what type they are. */
export const recordFields = {
  start: { format: 'number', daemon: 'string', name: 'string', config: 'object' },
  config: { config: 'object' },
  'xmpp-open': { session: 'number', address: 'string', port: 'number', octets: 'string' },
  xmpp: { session: 'number', octets: 'string' },
  'xmpp-closed': { session: 'number', because: 'string' },
  'xmpp-failed': { agent: 'string', address: 'string', port: 'number', because: 'string' },
  'bgp-open': { session: 'number', address: 'string', port: 'number', open: 'string' },
  bgp: { session: 'number', message: 'string' },
  'bgp-closed': { session: 'number', because: 'string' },
  objects: { line: 'object' },
  call: { agent: 'string', method: 'string', arguments: 'object' },
  stop: {},
  full: {},
} as const satisfies Record<RecordType, Readonly<Record<string, 'string' | 'number' | 'object'>>>;

/** Octets of XMPP as a record has them. */
export function octetText(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
}

/** The octets that {@link octetText} made a text of. */
export function octetsOfText(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
