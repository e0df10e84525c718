/** The XML declaration, which older peers write before their header and some before a stanza. */
import { StreamError } from './stream-error.ts';

/** `<?xml version="1.0" encoding="utf-8" standalone="no"?>` has 55 octets. */
export const MAX_DECLARATION_BYTES = 128;

const declaration =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d+"|'1\.\d+')(?:\s+encoding\s*=\s*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>$/;

/**
 * Checks a whole declaration, from `<?xml` to `?>`.
 * @throws StreamError `restricted-xml` when it is another processing instruction, `not-well-formed` when it is no
 *   declaration, `unsupported-encoding` when it tells of octets that are not UTF-8
 * @see XML 1.0 §2.8
 */
export function checkDeclaration(bytes: Buffer): void {
  const text = bytes.toString('latin1');
  if (/^<\?xml[^\s?]/.test(text)) {
    throw new StreamError('restricted-xml', 'a processing instruction is not allowed in a stream');
  }
  const match = declaration.exec(text);
  if (match === null) throw new StreamError('not-well-formed', 'the XML declaration is none');
  const encoding = match[1] ?? match[2] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(encoding)) {
    throw new StreamError('unsupported-encoding', `the stream is not UTF-8 but ${encoding}`);
  }
}
