/** What is written on a stream besides headers and stanzas. */

const TLS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-tls';

/** U+0200 in UTF-8: how deployed peers say that they live. */
export const KEEPALIVE = Buffer.from([0xc8, 0x80]);
/** The stream is over. @see RFC 6120 §4.4 */
export const CLOSING_TAG = Buffer.from('</stream:stream>');
/** The server asks for TLS; there is no way around it. */
export const FEATURES = Buffer.from(
  `<stream:features><starttls xmlns="${TLS_NAMESPACE}"><required /></starttls></stream:features>`,
);
/** The client agrees. */
export const STARTTLS = Buffer.from(`<starttls xmlns="${TLS_NAMESPACE}" />`);
/** The server does, too: the handshake comes next. @see RFC 6120 §5.4 */
export const PROCEED = Buffer.from(`<proceed xmlns="${TLS_NAMESPACE}" />`);
