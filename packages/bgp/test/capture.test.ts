import { Writer, hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import { CaptureError, CaptureReader, type CapturedDocument } from '../src/capture/index.ts';
import { encodeMessage, encodeUpdate, keepalive, type Capability } from '../src/wire/index.ts';

const SYN = 0x02;
const ACK = 0x10;
const FIN = 0x01;

interface Segment {
  readonly from?: 'a' | 'b';
  readonly sequence: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}

/** An IPv4 packet with a TCP segment between 10.1.1.1:40000 (a) and 10.1.1.2:179 (b). */
function packet({ from = 'a', sequence, flags = ACK, payload = new Uint8Array(0) }: Segment): Uint8Array {
  const [source, destination] = from === 'a' ? [0x0a010101, 0x0a010102] : [0x0a010102, 0x0a010101];
  const [sourcePort, destinationPort] = from === 'a' ? [40_000, 179] : [179, 40_000];
  const ip = new Writer()
    .u32(0x4500_0000 | (40 + payload.length))
    .u32(0)
    .u8(64)
    .u8(6)
    .u16(0);
  ip.u32(source).u32(destination).u16(sourcePort).u16(destinationPort).u32(sequence).u32(0);
  return ip.u8(0x50).u8(flags).u16(0xffff).u32(0).bytes(payload).finish();
}

/** A pcap file with the given link type, a packet per millisecond. */
function pcap(packets: readonly Uint8Array[], linkType = 101, little = false): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(24 + packets.reduce((sum, { length }) => sum + 16 + length, 0)));
  bytes.setUint32(0, 0xa1b2c3d4, little);
  bytes.setUint32(20, linkType, little);
  let at = 24;
  packets.forEach((octets, i) => {
    bytes.setUint32(at, 1_700_000_000, little);
    bytes.setUint32(at + 4, i * 1000, little);
    bytes.setUint32(at + 8, octets.length, little);
    bytes.setUint32(at + 12, octets.length, little);
    new Uint8Array(bytes.buffer).set(octets, at + 16);
    at += 16 + octets.length;
  });
  return new Uint8Array(bytes.buffer);
}

/** A pcapng file of one interface with nanoseconds. */
function pcapng(packets: readonly Uint8Array[]): Uint8Array {
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const padding = (4 - (body.length & 3)) & 3;
    const length = 12 + body.length + padding;
    return new Writer().u32(type).u32(length).bytes(body).bytes(new Uint8Array(padding)).u32(length).finish();
  };
  const writer = new Writer();
  writer.bytes(block(0x0a0d0d0a, parseHex('1a2b3c4d00010000ffffffffffffffff')));
  writer.bytes(block(1, parseHex('0065000000000000' + '0009000109000000' + '00000000')));
  packets.forEach((octets, i) => {
    const time = 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n;
    const head = new Writer().u32(0).u64(time).u32(octets.length).u32(octets.length);
    writer.bytes(block(6, head.bytes(octets).finish()));
  });
  return writer.finish();
}

function read(file: Uint8Array, chunk = file.length): CapturedDocument[] {
  const reader = new CaptureReader();
  const documents: CapturedDocument[] = [];
  for (let at = 0; at < file.length; at += chunk)
    documents.push(...reader.push(file.subarray(at, at + chunk)));
  return documents;
}

const alive = encodeMessage(keepalive);
const both = new Writer().bytes(alive).bytes(alive).finish();

t.test(
  'messages are read from pcap of either byte order and from pcapng, in chunks of any size',
  async (t) => {
    const packets = [packet({ sequence: 100, flags: SYN }), packet({ sequence: 101, payload: both })];
    const expected = {
      time: '2023-11-14T22:13:20.001000Z',
      source: '10.1.1.1:40000',
      destination: '10.1.1.2:179',
    };
    for (const file of [pcap(packets), pcap(packets, 101, true), pcapng(packets)]) {
      for (const chunk of [1, 7, file.length]) {
        t.match(read(file, chunk), [
          { ...expected, type: 'keepalive' },
          { ...expected, type: 'keepalive' },
        ]);
      }
    }
  },
);

t.test('links, VLANs and IPv6 are looked through', async (t) => {
  const ip = packet({ sequence: 1, payload: alive });
  const behind = (hex: string): Uint8Array => parseHex(hex + hexText(ip));
  for (const [linkType, octets] of [
    [1, behind('0200000000010200000000020800')],
    [1, behind('020000000001020000000002' + '8100000a' + '0800')],
    [113, behind('00'.repeat(14) + '0800')],
    [276, behind('0800' + '00'.repeat(18))],
    [0, behind('02000000')],
  ] as const) {
    t.match(read(pcap([octets], linkType)), [{ type: 'keepalive' }], `link type ${linkType}`);
  }
  const tcp = hexText(ip).slice(40);
  const ipv6 =
    '60000000' + '0027' + '0040' + '20010db8' + '00'.repeat(11) + '01' + '20010db8' + '00'.repeat(11) + '02';
  const destinationOptions = '0600' + '010400000000';
  const packet6 = parseHex(ipv6.replace('00270040', '002f3c40') + destinationOptions + tcp);
  t.match(read(pcap([packet6])), [{ type: 'keepalive', source: '[2001:db8::1]:40000' }]);
});

t.test('segments are put in order, repeated ones dropped, torn messages joined', async (t) => {
  const [first, second, third] = [both.subarray(0, 10), both.subarray(10, 25), both.subarray(25)];
  const packets = [
    packet({ sequence: 100, flags: SYN }),
    packet({ sequence: 126, payload: third }),
    packet({ sequence: 101, payload: first }),
    packet({ sequence: 101, payload: first }),
    packet({ sequence: 106, payload: both.subarray(5, 25) }),
    packet({ sequence: 111, payload: second }),
  ];
  t.equal(read(pcap(packets)).length, 2);
});

t.test('sequence numbers may pass their end', async (t) => {
  const packets = [
    packet({ sequence: 0xffff_fff0, payload: both.subarray(0, 20) }),
    packet({ sequence: 4, payload: both.subarray(20) }),
  ];
  t.equal(read(pcap(packets)).length, 2);
});

t.test('what begins or goes on amid a message is picked up at the next marker', async (t) => {
  const reader = new CaptureReader();
  const broken = new Writer().bytes(parseHex('0a0b0c')).bytes(alive).finish();
  t.equal([...reader.push(pcap([packet({ sequence: 5, payload: broken })]))].length, 1);
  t.equal(reader.skipped, 3);
});

t.test('a gap that stays is left behind', async (t) => {
  const update = encodeUpdate({
    routes: Array.from({ length: 10_000 }, (_, i) => {
      const prefix = `10.${(i >> 8) & 255}.${i & 255}.0/24`;
      return { op: 'withdraw' as const, afi: 1, safi: 1, pathId: null, prefix };
    }),
  });
  const packets = [packet({ sequence: 1, payload: alive })];
  for (let i = 0, sequence = 1000; i < 40; i++, sequence += update.length) {
    packets.push(packet({ sequence, payload: update }));
  }
  const documents = read(pcap(packets));
  t.equal(documents.filter(({ type }) => type === 'update').length, 40);
});

t.test('the OPENs of both sides tell how their UPDATEs are read', async (t) => {
  const open = (...capabilities: Capability[]): Uint8Array =>
    encodeMessage({ type: 'open', asn: 65_000, holdTime: 90, routerId: 1, capabilities });
  const addPath = (mode: number): Capability => ({ type: 'add-path', entries: [{ afi: 1, safi: 1, mode }] });
  // Reads as two routes without path identifiers as well: only the OPENs can tell.
  const route = { op: 'withdraw', afi: 1, safi: 1, pathId: 0x08_0a_08_0b, prefix: '10.0.0.0/8' } as const;
  const update = encodeUpdate({ routes: [route] });
  const session = (a: Uint8Array, b: Uint8Array): CapturedDocument[] =>
    read(
      pcap([
        packet({ sequence: 0, flags: SYN }),
        packet({ from: 'b', sequence: 0, flags: SYN | ACK }),
        packet({ sequence: 1, payload: a }),
        packet({ from: 'b', sequence: 1, payload: b }),
        packet({ sequence: 1 + a.length, payload: update, flags: ACK | FIN }),
      ]),
    );
  t.match(session(open(addPath(2)), open(addPath(1))).at(-1), {
    routes: [{ pathId: 0x08_0a_08_0b, prefix: '10.0.0.0/8' }],
  });
  t.match(session(open(addPath(1)), open(addPath(2))).at(-1), {
    routes: [{ pathId: null }, {}, { prefix: '10.0.0.0/8' }],
  });
});

t.test('what is no capture is refused, and what is cut off is told', async (t) => {
  t.throws(() => read(parseHex('00'.repeat(40))), CaptureError);
  t.throws(() => read(parseHex('0a0d0d0a' + '0000001c' + '12345678' + '00'.repeat(16))), CaptureError);
  const file = pcap([packet({ sequence: 1, payload: alive })]);
  const reader = new CaptureReader();
  t.same([...reader.push(file.subarray(0, file.length - 1))], []);
  t.ok(reader.unfinished > 0);
  const other = packet({ sequence: 1, payload: alive });
  other[22] = 1; // port 435
  t.same(read(pcap([other])), []);
});
