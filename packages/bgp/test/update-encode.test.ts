import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import { decodeUpdate, encodeUpdate } from '../src/wire/index.ts';

const context = { asn4: true, internal: null, addPath: () => false };

t.test(
  'IPv4 routes in the fields of RFC 4271 and in a multiprotocol attribute stay where they were',
  async (t) => {
    const messages = {
      withdrawn: '0031 02 0002 0000 0018 800f15000101 00 00 00 010d 00 010a 0101 0300 0401 18c63364',
      announced:
        '004302000000244001010040020602010000fde8400304c0000201800e0d00010104c000020100180a0102180a0203180a0204',
    };
    for (const [name, hex] of Object.entries(messages)) {
      const bytes = parseHex('ff'.repeat(16) + hex);
      const update = decodeUpdate(bytes, 0, bytes.length, context);
      t.same(update.problems, [], name);
      t.equal(hexText(encodeUpdate(update)), hexText(bytes), name);
    }
  },
);
