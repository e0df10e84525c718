import t from 'tap';
import { headerBytes, readHeader, STREAM_ID } from '../src/index.ts';
import { headerEnd } from '../src/stream-header.ts';
import { agentHeader, recordStream } from './recorded-stream.ts';

const streams = 'http://etherx.jabber.org/streams';

t.test('headers of deployed agents and control nodes of every age are read', async (t) => {
  const forms: Record<string, string> = {
    'an agent of today': agentHeader.toString(),
    'an older agent': `<stream:stream from="compute-1" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="jabber:client" xmlns:stream="${streams}"  >`,
    'with a declaration and a line break': `<?xml version="1.0"?>\n<stream:stream from="compute-1" to="x" version="1.0" xml:lang="en" xmlns="" xmlns:stream="${streams}" >`,
    'with single quotes': `<?xml version='1.0' encoding='UTF-8'?><stream:stream from='compute-1' to='x' xmlns:stream='${streams}'>`,
    'with line breaks between attributes': `\r\n<stream:stream\nfrom="compute-1"\nto="x"\nxmlns:stream="${streams}"\n>`,
    'with its attributes in another order': `<stream:stream xmlns:stream="${streams}" to="a > b" from="compute-1">`,
  };
  for (const [what, form] of Object.entries(forms)) {
    const recorded = recordStream();
    recorded.stream.push(Buffer.from(form));
    t.match(recorded.headers, [{ from: 'compute-1' }], what);
    const dripped = recordStream();
    for (const octet of Buffer.from(form)) dripped.stream.push(Uint8Array.of(octet));
    t.same(dripped.headers, recorded.headers, `${what}, octet by octet`);
  }
});

t.test('the namespace of an agent is its sub-cluster', async (t) => {
  const bytes = headerBytes({ from: 'compute-1', to: 'x', namespace: 'east' });
  t.match(readHeader(bytes), { from: 'compute-1', to: 'x', id: '', namespace: 'east' });
  const answer = headerBytes({ from: 'ctrl-1', to: 'compute-1', id: STREAM_ID, namespace: 'jabber:client' });
  t.match(readHeader(answer), { from: 'ctrl-1', id: '++123', namespace: 'jabber:client' });
});

t.test('names are escaped and read back', async (t) => {
  const from = 'a"<&>\'é';
  t.equal(readHeader(headerBytes({ from, to: from, namespace: from })).from, from);
});

t.test('prefixes of a header hold for its stream, and for no other', async (t) => {
  const recorded = recordStream();
  recorded.stream.push(
    Buffer.from(`<stream:stream from="a" xmlns:x="urn:x" xmlns:__proto__="urn:y" xmlns:stream="${streams}">`),
  );
  recorded.stream.push(Buffer.from('<x:a/><__proto__:b/>'));
  t.equal(recorded.condition, undefined);
  t.equal(recorded.stanzas.length, 2);
  const other = recordStream();
  other.stream.push(agentHeader);
  other.stream.push(Buffer.from('<x:a/>'));
  t.equal(other.condition, 'not-well-formed');
});

t.test('the end of a header is found outside of quotes, and not before it is there', async (t) => {
  const bytes = Buffer.from(`  <?xml version="1.0"?><stream:stream from=">" xmlns:stream="${streams}"><iq/>`);
  const end = bytes.indexOf('<iq/>');
  t.same(headerEnd(bytes, bytes.length), { start: bytes.indexOf('<stream'), end });
  for (let length = 0; length < end; length++) {
    if (headerEnd(bytes, length) !== undefined) t.fail(`found in ${length} octets`);
  }
});
