/** What a stream may ask of its reader. */
import { MAX_HEADER_BYTES } from './stream-header.ts';
import { MAX_ATTRIBUTES } from './strict-parser.ts';

/** Most octets of one stanza. An ECMP item of 500 next hops has about 220 KB. */
export const MAX_STANZA_BYTES = 256 * 1024;
/** Most elements and attributes of one stanza that the fast scanner does not know. 500 next hops have about 7,000. */
export const MAX_STANZA_NODES = 16_384;
/** Deepest element of a stanza. An entry of EVPN is nine deep. */
export const MAX_STANZA_DEPTH = 32;

/** Beyond any of these a stream fails with `policy-violation`. */
export interface StreamLimits {
  /** Octets of a stanza. */
  readonly stanzaBytes: number;
  /** Elements and attributes of a stanza that the fast scanner does not know. */
  readonly stanzaNodes: number;
  /** Deepest element of a stanza, which itself is at depth 1. */
  readonly stanzaDepth: number;
  /** Attributes of one element. */
  readonly attributes: number;
  /** Octets up to the end of the header. */
  readonly headerBytes: number;
}

/** The limits where nothing else is said. */
export const streamLimits: StreamLimits = {
  stanzaBytes: MAX_STANZA_BYTES,
  stanzaNodes: MAX_STANZA_NODES,
  stanzaDepth: MAX_STANZA_DEPTH,
  attributes: MAX_ATTRIBUTES,
  headerBytes: MAX_HEADER_BYTES,
};
