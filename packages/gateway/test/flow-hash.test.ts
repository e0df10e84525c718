import { ipv4Bytes, parseIpv4 } from '@vaportrail/net';
import t from 'tap';
import { chooseLeg, flowHash, type Flow } from '../src/flow-hash.ts';

const server = ipv4Bytes(parseIpv4('101.101.101.252'));

function flow(client: number, port: number): Flow {
  return {
    source: ipv4Bytes(0x0f0f0f02 + client),
    destination: server,
    protocol: 6,
    sourcePort: port,
    destinationPort: 8888,
  };
}

/** Flows of one client that counts its source ports up, and of many clients with one port. */
const flows: Flow[] = [
  ...Array.from({ length: 8000 }, (_, i) => flow(0, 32768 + i)),
  ...Array.from({ length: 8000 }, (_, i) => flow(i, 40000)),
];

function spread(keys: number[], seed = 0): number[] {
  const counts = keys.map(() => 0);
  for (const each of flows) counts[chooseLeg(flowHash(each, seed), keys)]!++;
  return counts;
}

for (const legs of [2, 3, 4, 8, 16]) {
  t.test(`16,000 flows spread evenly over ${legs} legs`, async (t) => {
    const expected = flows.length / legs;
    const counts = spread(Array.from({ length: legs }, (_, i) => 1270 + i));
    for (const count of counts)
      t.ok(Math.abs(count - expected) < 5 * Math.sqrt(expected), `${count} of about ${expected}`);
  });
}

t.test('a flow always takes the same leg', async (t) => {
  for (const each of flows.slice(0, 100))
    t.equal(chooseLeg(flowHash(each), [1272, 1277]), chooseLeg(flowHash({ ...each }), [1272, 1277]));
});

t.test('when a leg goes only its own flows move', async (t) => {
  const before = [1272, 1277, 1280];
  const after = [1272, 1280];
  let moved = 0;
  for (const each of flows) {
    const was = before[chooseLeg(flowHash(each), before)];
    const is = after[chooseLeg(flowHash(each), after)];
    if (was !== 1277 && is !== was) moved++;
  }
  t.equal(moved, 0);
});

t.test('every field of the five counts', async (t) => {
  const one = flow(1, 1000);
  const variants: Flow[] = [
    { ...one, source: server },
    { ...one, destination: one.source },
    { ...one, protocol: 17 },
    { ...one, sourcePort: 1001 },
    { ...one, destinationPort: 8889 },
  ];
  for (const variant of variants) t.not(flowHash(variant), flowHash(one));
  t.not(flowHash(one, 1), flowHash(one, 2), 'and so does the seed');
});

t.test('no legs, no choice', async (t) => {
  t.throws(() => chooseLeg(1, []), RangeError);
});
