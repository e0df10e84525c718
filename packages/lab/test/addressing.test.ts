import t from 'tap';
import { loopbackAddresses, realAddresses } from '../src/addressing.ts';

t.test('a second lab on the same machine takes other addresses', async (t) => {
  const first = await loopbackAddresses();
  const second = await loopbackAddresses();
  const addresses = ['10.169.25.19', '10.169.25.20', '192.168.0.204'];
  const taken = [...addresses.map((each) => first.at(each)), ...addresses.map((each) => second.at(each))];
  t.equal(new Set(taken).size, 6);
  t.equal(second.at('10.169.25.19'), taken[3], 'and keeps them');
  for (const address of taken) t.match(address, /^127\./);
  await Promise.all([first.release(), second.release()]);
});

t.test('in namespaces an address is itself', async (t) => {
  t.equal(realAddresses.at('10.169.25.19'), '10.169.25.19');
  t.equal(realAddresses.bgpPort, 179);
});
