/** The error is the answer that goes out: an RFC 6120 stream error, after which the stream is closed. */
import { escapeXML, escapeXMLText } from '@xmpp/xml';

const STREAM_ERRORS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-streams';

/** Conditions this channel sends. @see RFC 6120 §4.9.3 */
export type StreamErrorCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding';

/** What is wrong with a stream, as the peer is told. The message is the text of the error. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly condition: StreamErrorCondition;

  constructor(condition: StreamErrorCondition, text: string, options?: ErrorOptions) {
    super(text, options);
    this.condition = condition;
  }
}

/**
 * The error as the last bytes of a stream, with the closing tag of the stream behind it.
 * @see RFC 6120 §4.9.1.1
 */
export function streamErrorBytes(error: StreamError): Buffer {
  const text = escapeXMLText(error.message);
  return Buffer.from(
    `<stream:error><${error.condition} xmlns="${escapeXML(STREAM_ERRORS_NAMESPACE)}" />` +
      `<text xmlns="${STREAM_ERRORS_NAMESPACE}" xml:lang="en">${text}</text></stream:error></stream:stream>`,
  );
}
