/** A stream that keeps what it reads, for the tests of this package. */
import {
  headerBytes,
  XmppStream,
  type Negotiation,
  type Stanza,
  StreamError,
  type StreamHeader,
  type StreamLimits,
} from '../src/index.ts';

export interface RecordedStream {
  readonly stream: XmppStream;
  readonly headers: StreamHeader[];
  readonly stanzas: (Stanza | Negotiation)[];
  readonly errors: StreamError[];
  keepalives: number;
  closed: boolean;
  /** The condition of the error that ended the stream. */
  readonly condition: string | undefined;
}

/** The header of an agent as it is on the wire. */
export const agentHeader = headerBytes({
  from: 'compute-1',
  to: 'network-control@contrailsystems.com',
  namespace: '',
});

/** A stream that has not begun. */
export function recordStream(
  limits?: StreamLimits,
  onStanza?: (stanza: Stanza | Negotiation) => void,
): RecordedStream {
  const stream = new XmppStream(
    {
      header: (header) => recorded.headers.push(header),
      stanza: (stanza) => take(stanza),
      negotiation: (stanza) => take(stanza),
      keepalive: () => recorded.keepalives++,
      closed: () => {
        recorded.closed = true;
      },
      failed: (error) => recorded.errors.push(error),
    },
    limits,
  );
  const recorded: RecordedStream = {
    stream,
    headers: [],
    stanzas: [],
    errors: [],
    keepalives: 0,
    closed: false,
    get condition() {
      return this.errors[0]?.condition;
    },
  };
  const take = (stanza: Stanza | Negotiation): void => {
    recorded.stanzas.push(stanza);
    onStanza?.(stanza);
  };
  return recorded;
}

/** A stream behind its header, fed with chunks. */
export function readStream(chunks: readonly (string | Uint8Array)[], limits?: StreamLimits): RecordedStream {
  const recorded = recordStream(limits);
  recorded.stream.push(agentHeader);
  for (const chunk of chunks) recorded.stream.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return recorded;
}

/** The condition of the stream error that a call throws. */
export function conditionOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof StreamError) return error.condition;
    throw error;
  }
  return undefined;
}
