import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import { UpdateFrame, frameMessage, locateUpdate, messageType } from '../src/wire/index.ts';

/** A whole UPDATE from hexadecimal parts. */
function update(withdrawn: string, attributes: string, nlri = ''): Uint8Array {
  const [w, a, n] = [parseHex(withdrawn), parseHex(attributes), parseHex(nlri)];
  const body = [w.length >>> 8, w.length & 255, ...w, a.length >>> 8, a.length & 255, ...a, ...n];
  return frameMessage(messageType.update, Uint8Array.from(body));
}

const origin = '40010102';
const asPath = '400200';
const reach = '900e0012' + '0001' + '80' + '0c' + '00000000000000000a010103' + '00' + 'aa';
const unreach = '800f04' + '0002' + '01' + 'bb';

t.test('an UPDATE of RFC 4271 is found in parts', async (t) => {
  const frame = new UpdateFrame();
  const bytes = update('180a0001', origin + asPath, '200a000002');
  t.equal(locateUpdate(bytes, 0, bytes.length, frame), undefined);
  t.equal(hexText(bytes, frame.withdrawnAt, frame.withdrawnEnd), '180a0001');
  t.equal(hexText(bytes, frame.attributesAt, frame.attributesEnd), origin + asPath);
  t.equal(hexText(bytes, frame.nlriAt, frame.nlriEnd), '200a000002');
  t.equal(frame.reachAt, 0);
  t.equal(frame.endOfRib, 0);
});

t.test(
  'MP_REACH_NLRI and MP_UNREACH_NLRI are found wherever they stand, and the rest is copied without them',
  async (t) => {
    for (const order of [
      [origin, reach, asPath, unreach],
      [reach, unreach, origin, asPath],
      [unreach, origin, asPath, reach],
    ]) {
      const frame = new UpdateFrame();
      const bytes = update('', order.join(''));
      t.equal(locateUpdate(bytes, 0, bytes.length, frame), undefined);
      t.match(frame, { reachAfi: 1, reachSafi: 128, reachNextHopLength: 12, unreachAfi: 2, unreachSafi: 1 });
      t.equal(hexText(bytes, frame.reachNextHopAt, frame.reachNextHopAt + 12), '00000000000000000a010103');
      t.equal(hexText(bytes, frame.reachNlriAt, frame.reachNlriEnd), 'aa');
      t.equal(hexText(bytes, frame.unreachNlriAt, frame.unreachNlriEnd), 'bb');
      const copy = new Uint8Array(64);
      t.equal(frame.copyAttributes(copy, 2), 2 + frame.attributeOctets);
      t.equal(hexText(copy, 2, 2 + frame.attributeOctets), origin + asPath);
    }
  },
);

t.test('one frame serves many messages', async (t) => {
  const frame = new UpdateFrame();
  const first = update('', reach + unreach);
  locateUpdate(first, 0, first.length, frame);
  const second = update('', origin);
  locateUpdate(second, 0, second.length, frame);
  t.match(frame, { reachAt: 0, unreachAt: 0, attributeOctets: 4 });
});

t.test('End-of-RIB is told by family', async (t) => {
  const frame = new UpdateFrame();
  const inet = update('', '');
  locateUpdate(inet, 0, inet.length, frame);
  t.equal(frame.endOfRib, (1 << 8) | 1);
  for (const [attributes, family] of [
    ['800f03000180', (1 << 8) | 128],
    ['900f0003000180', (1 << 8) | 128],
    ['800f03000180' + origin, 0],
    [unreach, 0],
  ] as const) {
    const bytes = update('', attributes);
    locateUpdate(bytes, 0, bytes.length, frame);
    t.equal(frame.endOfRib, family, attributes);
  }
});

t.test('parts that pass the end of the message reset the session', async (t) => {
  const frame = new UpdateFrame();
  const withdrawn = update('', origin);
  withdrawn[20] = 5;
  t.match(locateUpdate(withdrawn, 0, withdrawn.length, frame), {
    approach: 'session-reset',
    code: 3,
    subcode: 1,
  });
  const attributes = update('', origin);
  attributes[22] = 5;
  t.match(locateUpdate(attributes, 0, attributes.length, frame), { approach: 'session-reset', subcode: 1 });
});

t.test('an attribute that passes the end of the attributes leaves the routes to be withdrawn', async (t) => {
  const frame = new UpdateFrame();
  for (const cut of ['400205', '40', '4002', '5002', '500200']) {
    const bytes = update('180a0001', origin + cut, '200a000002');
    t.match(locateUpdate(bytes, 0, bytes.length, frame), { approach: 'treat-as-withdraw', subcode: 5 }, cut);
    t.equal(hexText(bytes, frame.nlriAt, frame.nlriEnd), '200a000002');
    t.equal(hexText(bytes, frame.attributesAt, frame.attributesEnd), origin);
  }
});

t.test(
  'without any route to withdraw such an attribute resets the session, as the routes may be lost in it',
  async (t) => {
    const frame = new UpdateFrame();
    for (const attributes of [origin + '400205', unreach + '4002']) {
      const bytes = update('180a0001', attributes);
      t.match(locateUpdate(bytes, 0, bytes.length, frame), { approach: 'session-reset', subcode: 5 });
    }
    const announced = update('', reach + '400205');
    t.match(locateUpdate(announced, 0, announced.length, frame), { approach: 'treat-as-withdraw' });
  },
);

t.test('routes that cannot be located reset the session', async (t) => {
  const frame = new UpdateFrame();
  for (const [attributes, subcode] of [
    [reach + reach, 1],
    [unreach + unreach, 1],
    ['800e0400018000', 9],
    ['800f020001', 9],
    ['800e070001800a00' + '0102', 9],
    ['800e0f00018000', 5],
  ] as const) {
    const bytes = update('', attributes);
    t.match(locateUpdate(bytes, 0, bytes.length, frame), { approach: 'session-reset', subcode }, attributes);
  }
});
