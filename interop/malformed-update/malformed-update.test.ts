// What our control node, as a route reflector, makes of messages that are wrong: FRR, another client, sees the result.
// RFC 7606 decides; nothing is reset that need not be. What other routers do with the same messages is in the comments
// behind each line: F for FRR 8.4, G for GoBGP 3.10, B for BIRD 2.0, O for OpenBGPD 7.7, measured in the same set-up.
import { frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import { Writer, hexText, parseHex, parseIpv4 } from '@vaportrail/net';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';
import { type PeerInput, reflector, runningControlNode } from '../running-control-node.ts';

t.setTimeout(180_000);
const found = findFrr();
const skip = 'missing' in found ? found.missing : false;

/**
 * `accepted`: the new attributes arrive. `withdraw`: the route of before is withdrawn. `ignored`: it stays as it was.
 * `reset c/s`: the session ends with this NOTIFICATION.
 */
type Outcome = 'accepted' | 'withdraw' | 'ignored' | `reset ${number}/${number}`;

const ROUTER_ID = '10.0.0.19';
const CLUSTER_ID = '10.0.0.20';

/** Attributes by type code: flags and value in hexadecimal. */
type Attributes = Record<number, readonly [flags: number, value: string]>;

const rd = '0001' + '0a0101010001';
/** `10.1.1.1:1 10.7.0.<last>/32`, label 1001. */
const nlri = (last: number): string => `78003e91${rd}0a0700${last.toString(16).padStart(2, '0')}`;
const reach = (routes: string, nextHop = '00000000000000000a010101'): string =>
  `000180${(nextHop.length / 2).toString(16).padStart(2, '0')}${nextHop}00${routes}`;

/** A good announcement with MED 77 instead of none. */
const good: Attributes = {
  1: [0x40, '00'],
  2: [0x40, ''],
  4: [0x80, '0000004d'],
  5: [0x40, '00000064'],
  14: [0x80, reach(nlri(1))],
  16: [0xc0, '0002fc0000000064'],
};

/** The attributes of an UPDATE one behind the other; `extra` is put behind them as it is. */
function attributeOctets(attributes: Attributes, extra = ''): Uint8Array {
  const writer = new Writer();
  for (const [code, [flags, value]] of Object.entries(attributes)) {
    const octets = parseHex(value);
    writer.u8(flags).u8(Number(code)).u8(octets.length).bytes(octets);
  }
  return writer.bytes(parseHex(extra)).finish();
}

function update(attributes: Attributes, extra = '', routes = ''): Uint8Array {
  const body = new Writer().u16(0);
  body.length16((writer) => writer.bytes(attributeOctets(attributes, extra)));
  return frameMessage(messageType.update, body.bytes(parseHex(routes)).finish());
}

const with_ = (code: number, flags: number, value: string): Uint8Array =>
  update({ ...good, [code]: [flags, value] });
function without(code: number): Uint8Array {
  const { [code]: _gone, ...rest } = good;
  return update(rest);
}

/** A message with some octets overwritten. */
function changed(message: Uint8Array, at: number, ...octets: number[]): Uint8Array {
  const copy = Uint8Array.from(message);
  copy.set(octets, at);
  return copy;
}

// prettier-ignore
const cases: readonly (readonly [what: string, message: Uint8Array, outcome: Outcome, because: string])[] = [
  ['a good one', update(good), 'accepted', ''],
  ['ORIGIN 7', with_(1, 0x40, '07'), 'withdraw', 'RFC 7606 §7.1'],                                           // F reset, G withdraw, B withdraw, O reset
  ['ORIGIN of 2 octets', with_(1, 0x40, '0000'), 'withdraw', 'RFC 7606 §7.1'],                               // F reset, G withdraw, B withdraw, O reset
  ['ORIGIN with flags of an optional attribute', with_(1, 0xc0, '00'), 'withdraw', 'RFC 7606 §3 (c)'],       // F reset, G ignored, B withdraw, O reset
  ['no ORIGIN', without(1), 'withdraw', 'RFC 7606 §3 (d)'],                                                  // F withdraw, G withdraw, B withdraw, O reset
  ['no AS_PATH', without(2), 'withdraw', 'RFC 7606 §3 (d)'],                                                 // F withdraw, G withdraw, B withdraw, O reset
  ['no LOCAL_PREF', without(5), 'withdraw', 'RFC 7606 §3 (d), RFC 4271 §5.1.5'],                             // F withdraw, G accepted, B accepted, O reset
  ['AS_PATH with a segment beyond its end', with_(2, 0x40, '02050000fc00'), 'withdraw', 'RFC 7606 §7.2'],    // F reset, G withdraw, B withdraw, O reset
  ['AS_PATH with a segment of type 9', with_(2, 0x40, '09010000fc01'), 'withdraw', 'RFC 7606 §7.2'],         // F reset, G withdraw, B withdraw, O reset
  ['LOCAL_PREF of 3 octets', with_(5, 0x40, '000064'), 'withdraw', 'RFC 7606 §7.5'],                         // F reset, G withdraw, B withdraw, O reset
  ['MULTI_EXIT_DISC of 3 octets', with_(4, 0x80, '00004d'), 'withdraw', 'RFC 7606 §7.4'],                    // F reset, G withdraw, B withdraw, O reset
  ['extended communities of 7 octets', with_(16, 0xc0, '0002fc00000000'), 'withdraw', 'RFC 7606 §7.14'],     // F reset, G withdraw, B withdraw, O reset
  ['extended communities not transitive', with_(16, 0x80, '0002fc0000000064'), 'withdraw', 'RFC 7606 §3 (c)'], // F reset, G withdraw, B withdraw, O reset
  ['communities of 3 octets', with_(8, 0xc0, 'fc0000'), 'withdraw', 'RFC 7606 §7.8'],                        // F reset, G withdraw, B withdraw, O reset
  ['ORIGINATOR_ID of 3 octets', with_(9, 0x80, '0a0000'), 'withdraw', 'RFC 7606 §7.9'],                      // F reset, G withdraw, B withdraw, O reset
  ['CLUSTER_LIST of 5 octets', with_(10, 0x80, '0a00000101'), 'withdraw', 'RFC 7606 §7.10'],                 // F reset, G withdraw, B withdraw, O reset
  ['ORIGIN twice', update(good, '40010100'), 'accepted', 'RFC 7606 §3 (g)'],                                 // F reset, G accepted, B accepted, O reset
  ['MP_REACH_NLRI twice', update(good, `800e21${reach(nlri(1))}`), 'reset 3/1', 'RFC 7606 §3 (g)'],          // all reset 3/1
  ['an unknown well-known attribute', with_(99, 0x40, '00'), 'reset 3/2', 'RFC 4271 §6.3'],                  // F reset, G reset, B withdraw, O reset
  ['an unknown optional transitive attribute', with_(99, 0xc0, '00'), 'accepted', 'RFC 4271 §5'],            // all accepted
  ['an unknown optional non-transitive attribute', with_(99, 0x80, '00'), 'accepted', 'RFC 4271 §5'],        // all accepted
  ['an empty AGGREGATOR', with_(7, 0xc0, ''), 'accepted', 'RFC 7606 §7.7'],                                  // F reset, G accepted, B accepted, O reset
  ['a next hop of 5 octets', with_(14, 0x80, reach(nlri(1), '0a01010100')), 'reset 3/9', 'RFC 7606 §7.11'],  // F reset, G ignored, B reset, O reset
  ['a next hop without route distinguisher', with_(14, 0x80, reach(nlri(1), '0a010101')), 'reset 3/9', 'RFC 7606 §7.11'], // F accepted, G ignored, B reset, O reset
  ['MP_REACH_NLRI with flags of a well-known attribute', with_(14, 0x40, reach(nlri(1))), 'reset 3/4', 'RFC 7606 §3 (c), §5.3'], // F reset, G ignored, B reset, O reset
  ['an NLRI beyond the end', with_(14, 0x80, reach(nlri(1)).slice(0, -4)), 'reset 3/9', 'RFC 7606 §5.3'],    // F reset, G ignored, B reset, O reset
  ['an NLRI of 80 bits', with_(14, 0x80, reach(`50003e91${rd}`.slice(0, 22))), 'reset 3/9', 'RFC 7606 §5.3'], // F reset, G ignored, B reset, O reset
  ['a prefix of 33 bits', with_(14, 0x80, reach(`79003e91${rd}0a07000180`)), 'reset 3/9', 'RFC 7606 §5.3'],  // F reset, G ignored, B reset, O reset
  ['a label that is not the last of its stack', with_(14, 0x80, reach(nlri(1).replace('003e91', '003e90'))), 'accepted', 'RFC 8277 §2.2'], // F accepted, G ignored, B reset, O reset
  ['an attribute beyond the end of all', update(good, '40ff20'), 'withdraw', 'RFC 7606 §4'],                 // F reset, G withdraw, B withdraw, O reset
  ['a total length beyond the message', changed(update(good), 21, 0x0f), 'reset 3/1', 'RFC 7606 §3 (a)'],    // all reset 3/1
  ['a withdrawn length beyond the message', changed(update(good), 19, 0x0f), 'reset 3/1', 'RFC 7606 §3 (a)'], // all reset 3/1
  ['IPv4 unicast, which is not agreed on', update({ ...good, 3: [0x40, '0a010101'] }, '', '180b0000'), 'accepted', 'RFC 4760 §6'], // F ignored, G reset, B ignored, O reset
  ['a family that is not agreed on', with_(14, 0x80, '00194604' + '0a010101' + '00'), 'ignored', 'RFC 4760 §6'], // F ignored, G ignored, B ignored, O reset
  ['our own identifier as ORIGINATOR_ID', with_(9, 0x80, hexText(ipv4(ROUTER_ID))), 'withdraw', 'RFC 4456 §8'], // F withdraw, G ignored, B withdraw, O withdraw
  ['our own cluster in CLUSTER_LIST', with_(10, 0x80, hexText(ipv4(CLUSTER_ID))), 'withdraw', 'RFC 4456 §8'],   // F withdraw, G ignored, B withdraw, O withdraw
  ['a header of 18 octets', changed(update(good), 16, 0, 18), 'reset 1/2', 'RFC 4271 §6.1'],                 // all reset 1/2
  ['an UPDATE of 22 octets', changed(update(good), 16, 0, 22), 'reset 1/2', 'RFC 4271 §6.1'],                // F reset 1/2, G reset 3/1, B reset 1/2, O reset 1/2
  ['a marker with a zero', changed(update(good), 3, 0), 'reset 1/1', 'RFC 4271 §6.1'],                       // F reset, G ignored, B reset, O reset
  ['a message of type 9', changed(update(good), 18, 9), 'reset 1/3', 'RFC 4271 §6.1'],                       // F reset, G crashes, B reset, O reset
  ['a message of 4097 octets', changed(update(good), 16, 0x10, 1), 'reset 1/2', 'RFC 4271 §6.1'],            // F reset, B reset, O reset
];

function ipv4(text: string): Uint8Array {
  const address = parseIpv4(text);
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

t.test('each wrong message has the outcome the RFCs ask for', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [ours, observer] = [block.take(), block.take()];
  const senders = cases.map(() => block.take());
  const families: PeerInput['families'] = ['inet-vpn'];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: observer,
    neighbors: [{ address: ours, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  await runningControlNode(t, {
    ...reflector,
    asn: us.asn,
    'router-id': ROUTER_ID,
    'cluster-id': CLUSTER_ID,
    bgpPort: 1790,
    address: ours,
    peers: [
      { address: observer, port: frr.port, families },
      ...senders.map((address) => ({ address, passive: true, families })),
    ],
  });
  await frr.process.answers(async () => (await frr.established(ours)) || undefined);

  /** MED of a route at the observer; null without one, undefined without the route. */
  const med = async (last: number): Promise<number | null | undefined> => {
    const [path] = await frr.vpnPaths(`10.7.0.${last}/32`);
    return path === undefined ? undefined : path.med;
  };
  const observed = (last: number, wanted: number | null | undefined) =>
    frr.process.answers(async () => ((await med(last)) === wanted ? true : undefined));

  for (const [index, [what, message, expected, because]] of cases.entries()) {
    const peer = new RecordedSession({
      local: { ...us, routerId: 0x0a000064 + index, address: senders[index]! },
      peer: { address: ours, port: 1790, asn: us.asn },
      families: ['inet-vpn'],
      extendedMessages: false,
    });
    peer.session.start();
    await peer.up();
    const { 4: _med, ...first } = good;
    peer.session.write([update(first)]);
    await observed(1, null);
    // A second route behind the message tells when the observer has got what it will get.
    peer.session.write([message, update({ ...first, 14: [0x80, reach(nlri(2))] })]);
    await frr.process.answers(async () =>
      peer.downs.length > 0 || (await med(2)) !== undefined ? true : undefined,
    );
    const [down] = peer.downs;
    const seen = down === undefined ? await med(1) : undefined;
    const outcome: Outcome =
      down !== undefined
        ? `reset ${down.code!}/${down.subcode!}`
        : seen === undefined
          ? 'withdraw'
          : seen === null
            ? 'ignored'
            : 'accepted';
    t.equal(outcome, expected, `${what}${because === '' ? '' : ` (${because})`}`);
    await peer.session.abandon();
    await observed(1, undefined);
    await observed(2, undefined);
  }
  t.ok(await frr.established(ours), 'and no other session is lost');
});
