import t from 'tap';
import { loopbackAddresses, realAddresses } from '../src/addressing.ts';

t.test('a second lab on the same machine takes other addresses', async (t) => {
  // The readable addresses may be another lab's already: three of them meet both cases.
  const first = await loopbackAddresses();
  const second = await loopbackAddresses();
  const third = await loopbackAddresses();
  const addresses = ['10.169.25.19', '10.169.25.20', '192.168.0.204'];
  const labs = [first, second, third];
  const taken = labs.flatMap((lab) => addresses.map((each) => lab.at(each)));
  t.equal(new Set(taken).size, 9);
  t.equal(second.at('10.169.25.19'), taken[3], 'and keeps them');
  for (const address of taken) t.match(address, /^127\./);
  await Promise.all(labs.map((lab) => lab.release()));
});

t.test('in namespaces an address is itself', async (t) => {
  t.equal(realAddresses.at('10.169.25.19'), '10.169.25.19');
  t.equal(realAddresses.bgpPort, 179);
});
