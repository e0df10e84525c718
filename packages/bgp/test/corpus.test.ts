import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import {
  type DecodeContext,
  type UpdateDocument,
  decodeCapabilities,
  describeMessage,
  encodeUpdate,
} from '../src/wire/index.ts';
import { Reader } from '@vaportrail/net';

/** Messages of others with what others make of them; not part of the repository. */
const corpus = fileURLToPath(new URL('../../../../../shared/corpora/bgp-messages.jsonl', import.meta.url));

interface CanonRoute {
  readonly op: 'A' | 'W';
  readonly afi: number;
  readonly safi: number;
  readonly path_id?: number;
  readonly rd?: string;
  readonly prefix: string;
  readonly labels?: readonly number[];
}

interface Record {
  readonly id: string;
  readonly kind: string;
  readonly hex: string;
  readonly context: DecodeContext;
  readonly expect: {
    readonly canon?: { readonly agree: readonly string[]; readonly routes: readonly CanonRoute[] };
    readonly verdict?: 'valid' | 'malformed';
  };
}

/** Verdicts that are wrong, and what says so. */
const exceptions: Readonly<{ [id: string]: string }> = {
  'exabgp/conf-generic-attribute.ci#1.2':
    'RFC 4271 §6.3: attribute 153 with the optional bit clear is an unknown well-known one',
  'exabgp/conf-generic-attribute.ci#1.3': 'RFC 4271 §6.3: as above',
  'bgp4j/bgp4j/OpenPacketDecoderTest.java:97': 'RFC 6286 §2.1: any identifier but 0 is valid, 224.0.0.1 too',
  'bgp4j/bgp4j/UpdatePacketDecoderTest.java:2110':
    'RFC 4760 §7: an AFI/SAFI nobody negotiated is ignored, not an error',
};

const records = existsSync(corpus)
  ? readFileSync(corpus, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record)
  : [];
const options = records.length === 0 ? { skip: 'the shared corpora are not here' } : {};

t.test('routes that two other decoders agree on are decoded the same', options, async (t) => {
  let compared = 0;
  for (const { id, hex, context, expect } of records) {
    if (expect.canon === undefined || expect.canon.agree.length < 2) continue;
    compared++;
    const document = describeMessage(parseHex(hex), context) as UpdateDocument;
    const ours = document.routes.map((route) =>
      text({
        op: route.op === 'announce' ? 'A' : 'W',
        afi: route.afi,
        safi: route.safi,
        prefix: route['prefix'] as string,
        ...(route.pathId === null ? {} : { path_id: route.pathId }),
        ...(route['rd'] === undefined ? {} : { rd: route['rd'] as string }),
        ...(route['labels'] === undefined ? {} : { labels: route['labels'] as number[] }),
      }),
    );
    const theirs = expect.canon.routes.map(text);
    if (ours.sort().join() !== theirs.sort().join()) t.same(ours, theirs, id);
  }
  t.ok(compared > 1000, `${compared} compared`);
});

function text({ op, afi, safi, path_id = -1, rd = '', prefix, labels = [] }: CanonRoute): string {
  return `${op} ${afi}/${safi} ${path_id} ${rd} ${prefix} ${labels.join('+')}`;
}

t.test(
  'messages are found valid or malformed as their sources say, with reasons where not',
  options,
  async (t) => {
    let compared = 0;
    for (const { id, kind, hex, context, expect } of records) {
      if (expect.verdict === undefined) continue;
      const malformed = isMalformed(kind, parseHex(hex), context);
      if (malformed === undefined) continue;
      compared++;
      const agrees = malformed === (expect.verdict === 'malformed');
      if (agrees === id in exceptions) t.fail(`${id}: ${malformed ? 'malformed' : 'valid'} here`);
    }
    t.ok(compared > 150, `${compared} compared`);
  },
);

/** `undefined` for kinds that are neither a message nor a list of capabilities. */
function isMalformed(kind: string, bytes: Uint8Array, context: DecodeContext): boolean | undefined {
  switch (kind) {
    case 'update':
    case 'open':
    case 'notification':
    case 'refresh':
      return describeMessage(bytes, context).problems.length > 0;
    case 'capability':
      try {
        decodeCapabilities(new Reader(bytes));
        return false;
      } catch {
        return true;
      }
    default:
      return undefined;
  }
}

t.test('what was decoded without a problem is encoded to the same octets', options, async (t) => {
  let compared = 0;
  for (const { id, hex, context } of records) {
    const bytes = parseHex(hex);
    const document = describeMessage(bytes, context);
    if (document.type !== 'update' || document.problems.length > 0) continue;
    compared++;
    const encoded = hexText(encodeUpdate(document));
    if (encoded !== hex.toLowerCase()) t.equal(encoded, hex, id);
  }
  t.ok(compared > 1000, `${compared} compared`);
});
