/** What a stream may ask of its reader. */
import { MAX_HEADER_BYTES } from './stream-header.ts';
import { MAX_ATTRIBUTES } from './strict-parser.ts';

/** Most octets of one stanza. An ECMP item of 500 next hops has about 220 KB. */
export const MAX_STANZA_BYTES = 256 * 1024;
/** Most elements and attributes of one stanza that the fast scanner does not know. 500 next hops have about 7,000. */
export const MAX_STANZA_NODES = 16_384;
/** Deepest element of a stanza. An entry of EVPN is nine deep. */
export const MAX_STANZA_DEPTH = 32;

export interface StreamLimits {
  readonly stanzaBytes: number;
  readonly stanzaNodes: number;
  readonly stanzaDepth: number;
  readonly attributes: number;
  readonly headerBytes: number;
}

export const streamLimits: StreamLimits = {
  stanzaBytes: MAX_STANZA_BYTES,
  stanzaNodes: MAX_STANZA_NODES,
  stanzaDepth: MAX_STANZA_DEPTH,
  attributes: MAX_ATTRIBUTES,
  headerBytes: MAX_HEADER_BYTES,
};
