import t from 'tap';
import { type FiveTuple, chooseMember, flowHash, hashFieldsOf } from '../src/ecmp.ts';
import { type Member, NextHopTable } from '../src/next-hop.ts';

const flow: FiveTuple = {
  source: '15.15.15.2',
  destination: '101.101.101.252',
  protocol: 6,
  sourcePort: 42786,
  destinationPort: 8888,
};

const table = new NextHopTable();
const members: Member[] = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((destination, index) => ({
  nextHop: table.acquire({ type: 'tunnel', destination, tunnelType: 'MPLSoUDP' }),
  label: 20 + index,
}));

t.test('every packet of a flow hashes alike, and flows spread evenly', async (t) => {
  t.equal(flowHash(flow), flowHash({ ...flow }));
  const counts = [0, 0, 0];
  for (let sourcePort = 1024; sourcePort < 31_024; sourcePort++) {
    counts[chooseMember(members, flowHash({ ...flow, sourcePort }))]!++;
  }
  for (const count of counts) t.ok(Math.abs(count - 10_000) < 500, `${count} of 30000 flows`);
});

t.test('only the fields that were named count', async (t) => {
  const addresses = hashFieldsOf(['l3-source-address', 'l3-destination-address']);
  t.equal(
    flowHash(flow, addresses),
    flowHash({ ...flow, sourcePort: 1, destinationPort: 2, protocol: 17 }, addresses),
  );
  t.not(flowHash(flow, addresses), flowHash({ ...flow, source: '15.15.15.3' }, addresses));
  t.not(flowHash(flow), flowHash({ ...flow, destinationPort: 9999 }));
});

t.test('no field, or none that is known, means all five', async (t) => {
  t.equal(hashFieldsOf([]).length, 5);
  t.equal(hashFieldsOf(['l2-something']).length, 5);
  t.same(hashFieldsOf(['l4-protocol', 'l2-something']), ['l4-protocol']);
});

t.test('IPv6 flows hash too', async (t) => {
  const six = { ...flow, source: 'fd00::1', destination: 'fd00::2' };
  t.not(flowHash(six), flowHash({ ...six, source: 'fd00::3' }));
});
