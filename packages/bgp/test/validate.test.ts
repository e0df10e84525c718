import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import {
  discardAttributes,
  mostSevere,
  notificationOf,
  validateAttributes,
  type ValidationContext,
} from '../src/wire/index.ts';

const origin = '40010100';
const asPath = '40020602010000fde8';
const nextHop = '4003040a010101';
const localPref = '400504000000c8';
const whole = origin + asPath + nextHop + localPref;
const internal = { asn4: true, internal: true, announces: 'nlri' } as const;
const external = { ...internal, internal: false } as const;

function validate(hex: string, context: ValidationContext = internal): ReturnType<typeof validateAttributes> {
  const bytes = parseHex(hex);
  return validateAttributes(bytes, 0, bytes.length, context);
}

t.test('right attributes have no problem, in any order', async (t) => {
  t.same(validate(whole), []);
  t.same(validate(localPref + nextHop + asPath + origin), []);
  t.equal(validate(whole), validate(whole), 'and cost no list');
});

t.test('missing mandatory attributes withdraw the routes', async (t) => {
  for (const [missing, rest, attribute, code] of [
    ['ORIGIN', asPath + nextHop + localPref, 'origin', 1],
    ['AS_PATH', origin + nextHop + localPref, 'asPath', 2],
    ['NEXT_HOP', origin + asPath + localPref, 'nextHop', 3],
    ['LOCAL_PREF', origin + asPath + nextHop, 'localPref', 5],
  ] as const) {
    const expected = {
      approach: 'treat-as-withdraw',
      code: 3,
      subcode: 3,
      attribute,
      data: Uint8Array.of(code),
    };
    t.match(validate(rest), [expected], missing);
  }
});

t.test('what must be there depends on the field that announces, and on the peer', async (t) => {
  t.same(validate(origin + asPath + localPref, { ...internal, announces: 'mp' }), []);
  t.match(validate(origin + asPath + localPref, { ...internal, announces: 'both' }), [
    { attribute: 'nextHop' },
  ]);
  t.same(validate(origin + asPath + nextHop, external), []);
  t.same(validate(origin + asPath + nextHop, { ...internal, internal: null }), []);
  t.same(validate('', { ...internal, announces: 'nothing' }), []);
});

t.test('AS 0 makes a path or an aggregator malformed', async (t) => {
  const beside = (attribute: string): ReturnType<typeof validate> =>
    validate(origin + nextHop + localPref + attribute);
  const twoOctet = { ...internal, asn4: false };
  t.match(beside('40020a02020000fde800000000'), [
    { approach: 'treat-as-withdraw', subcode: 11, attribute: 'asPath', because: 'AS 0' },
  ]);
  t.match(beside(`${asPath}c00708000000000a010101`), [
    { approach: 'attribute-discard', attribute: 'aggregator', because: 'AS 0' },
  ]);
  const oldPath = '4002040201fde8';
  t.match(validate(`${origin + oldPath + nextHop + localPref}c01106020100000000`, twoOctet), [
    { approach: 'attribute-discard', attribute: 'as4Path', because: 'AS 0' },
  ]);
});

t.test('the address in a NEXT_HOP counts only for routes that use it', async (t) => {
  const unspecified = origin + asPath + localPref + '40030400000000';
  const short = origin + asPath + localPref + '4003030a0101';
  t.match(validate(unspecified), [{ approach: 'treat-as-withdraw', subcode: 8, attribute: 'nextHop' }]);
  t.same(validate(unspecified, { ...internal, announces: 'mp' }), []);
  t.match(validate(short, { ...internal, announces: 'mp' }), [
    { approach: 'treat-as-withdraw', subcode: 5, attribute: 'nextHop' },
  ]);
});

t.test('what belongs inside an AS is discarded from another one, right or wrong', async (t) => {
  for (const attribute of [localPref, '400503000000', '8009040a010101', '800a03000000']) {
    const problems = validate(origin + asPath + nextHop + attribute, external);
    t.match(problems, [{ approach: 'attribute-discard' }], attribute);
    t.equal(hexText(discardAttributes(parseHex(origin + attribute + asPath), problems)), origin + asPath);
  }
});

t.test(
  'what carries four-octet AS numbers through old speakers is discarded from a new one, and right from an old one',
  async (t) => {
    const old = { ...internal, asn4: false } as const;
    const two = origin + '4002060202fde8fde9' + nextHop + localPref;
    for (const attribute of ['c0110602010000fde8', 'c012080000fde80a010101']) {
      t.match(validate(whole + attribute), [{ approach: 'attribute-discard' }]);
      t.same(validate(two + attribute, old), []);
      t.match(validate(two + attribute.slice(0, 4) + '0100', old), [{ approach: 'attribute-discard' }]);
    }
  },
);

t.test('of a repeated attribute the first one counts', async (t) => {
  const problems = validate(whole + '40010102' + '40010101');
  t.match(problems, [{ approach: 'attribute-discard', subcode: 1, attribute: 'origin' }]);
  t.equal(problems.length, 1, 'and is told of once');
  t.equal(hexText(discardAttributes(parseHex(whole + '40010102'), problems)), whole);
});

t.test('an unknown attribute is an error only when it claims to be well-known', async (t) => {
  t.same(validate(whole + 'c0630101' + '80640101' + 'e0650101'), []);
  t.match(validate(whole + '40630101'), [
    { approach: 'session-reset', subcode: 2, attribute: 'attribute 99', data: parseHex('40630101') },
  ]);
});

t.test('an error without routes beside it resets the session, as the routes may be lost in it', async (t) => {
  const nothing = { ...internal, announces: 'nothing' } as const;
  t.match(validate('4001020000', nothing), [{ approach: 'session-reset', subcode: 5 }]);
  t.match(validate('c0070100', nothing), [{ approach: 'attribute-discard' }]);
});

t.test('each malformed value has its subcode and its approach', async (t) => {
  for (const [attribute, approach, subcode] of [
    ['40010103', 'treat-as-withdraw', 6],
    ['400200' + '4002020900', 'attribute-discard', 1],
    ['4002020900', 'treat-as-withdraw', 11],
    ['40020402010000', 'treat-as-withdraw', 11],
    ['4002020200', 'treat-as-withdraw', 11],
    ['400304e0000001', 'treat-as-withdraw', 8],
    ['40030400000000', 'treat-as-withdraw', 8],
    ['400305' + '0a01010100', 'treat-as-withdraw', 5],
    ['800403000000', 'treat-as-withdraw', 5],
    ['40060100', 'attribute-discard', 5],
    ['c00706' + 'fde80a010101', 'attribute-discard', 5],
    ['c00803000000', 'treat-as-withdraw', 5],
    ['c00800', 'treat-as-withdraw', 5],
    ['c01007' + '00'.repeat(7), 'treat-as-withdraw', 5],
    ['c02007' + '00'.repeat(7), 'treat-as-withdraw', 5],
    ['801a' + '0a' + '01000a00000000000000', 'attribute-discard', 5],
    ['c028' + '07' + '01000400000000', 'attribute-discard', 5],
    ['c023' + '03' + '000001', 'treat-as-withdraw', 5],
  ] as const) {
    const code = parseHex(attribute)[1]!;
    const others = [origin, asPath, nextHop, localPref].filter((other) => parseHex(other)[1] !== code);
    t.match(validate(others.join('') + attribute), [{ approach, code: 3, subcode }], attribute);
  }
});

t.test('the most severe problem decides, and is the NOTIFICATION', async (t) => {
  const problems = validate('40010109' + asPath + nextHop + localPref + 'c0070100' + '40630101');
  t.same(
    problems.map(({ approach }) => approach),
    ['treat-as-withdraw', 'attribute-discard', 'session-reset'],
  );
  t.match(notificationOf(mostSevere(problems)!), { code: 3, subcode: 2, data: parseHex('40630101') });
  t.equal(mostSevere([]), undefined);
});

t.test('the octets of a wrong attribute fit a NOTIFICATION', async (t) => {
  const long = 'd008' + '1001' + '00'.repeat(0x1001);
  const [problem] = validate(whole + long);
  t.ok(problem!.data.length <= 4075);
});

t.test('an attribute is held to what its own specification says', async (t) => {
  const beside = (attribute: string): ReturnType<typeof validate> => validate(whole + attribute);
  const discard = (attribute: string, subcode = 5): object => ({
    approach: 'attribute-discard',
    subcode,
    attribute,
  });
  const withdraw = (attribute: string, subcode = 5): object => ({
    approach: 'treat-as-withdraw',
    subcode,
    attribute,
  });
  const service = (body: string): string => {
    const length = (body.length / 2).toString(16).padStart(2, '0');
    const tlv = `0500${length}${body}`;
    return `c028${(tlv.length / 2).toString(16).padStart(2, '0')}${tlv}`;
  };
  const sid = '00' + '20010db8' + '00'.repeat(12) + '00' + '0013' + '00';
  for (const [hex, expected, why] of [
    ['801a00', discard('aigp'), 'RFC 7606 §4: empty'],
    ['801a0b' + '01000b' + 'ff'.repeat(8), discard('aigp', 9), 'RFC 7311 §3.2: the highest metric'],
    ['c01a0b' + '01000b' + '00'.repeat(8), discard('aigp', 4), 'RFC 7311 §3.2: transitive'],
    ['c02800', discard('prefixSid'), 'RFC 8669 §6: too short'],
    ['c02809' + '010006' + '00'.repeat(6), discard('prefixSid'), 'RFC 8669 §3.1: length 6'],
    ['c02804' + '05ffff00', withdraw('prefixSid'), 'RFC 9252 §7: a service passes the end'],
    [service(''), withdraw('prefixSid'), 'RFC 9252 §7: an empty service'],
    [service('00' + '010014' + '00'.repeat(20)), withdraw('prefixSid'), 'RFC 9252 §7: a short SID'],
    [service('00' + '010019' + sid + '010009'), withdraw('prefixSid'), 'RFC 9252 §7: past the service'],
    [service('00' + '010018' + sid + '010009'), withdraw('prefixSid'), 'RFC 9252 §7: past the SID'],
    ['c01700', withdraw('tunnelEncapsulation'), 'RFC 9012 §13: no tunnel'],
    ['c01608' + '0006000000' + '0a0101', withdraw('pmsiTunnel'), 'RFC 6514 §5: an endpoint of 3 octets'],
    ['c0160a' + '0003000000' + '0a010103e0', withdraw('pmsiTunnel'), 'RFC 6514 §5: a tree of 5 octets'],
    ['c01b06' + '0a0101030001', withdraw('peDistinguisherLabels'), 'RFC 6514 §8: 6 octets'],
    ['c01400', withdraw('connector'), 'RFC 7606 §4: empty'],
  ] as const) {
    t.match(beside(hex), [expected], why);
  }
  for (const right of [
    '801a16' + '01000b' + '00'.repeat(8) + '01000b' + 'ff'.repeat(8),
    service('00' + '010018' + sid + '010000'),
    service('00' + '070002abcd'),
    'c02803090000',
    'c01605' + '0063000000',
    'c01b07' + '0a010103000191',
    '801d00',
  ]) {
    t.same(beside(right), [], right);
  }
});
