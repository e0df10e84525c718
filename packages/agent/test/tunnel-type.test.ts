import t from 'tap';
import { offeredEncapsulations } from '../src/published-item.ts';
import { DEFAULT_ENCAPSULATION_PRIORITY, chooseTunnelType, tunnelTypesOf } from '../src/tunnel-type.ts';

t.test('the first of our priorities that the next hop advertised is used', async (t) => {
  const choose = (encapsulations: string[]): string =>
    chooseTunnelType(DEFAULT_ENCAPSULATION_PRIORITY, encapsulations);
  t.equal(choose(['gre', 'udp']), 'MPLSoUDP');
  t.equal(choose(['gre']), 'MPLSoGRE');
  t.equal(choose(['vxlan', 'gre']), 'MPLSoGRE');
  t.equal(choose(['vxlan']), 'VXLAN');
  t.equal(chooseTunnelType(['MPLSoGRE', 'MPLSoUDP'], ['gre', 'udp']), 'MPLSoGRE');
});

t.test('a gateway that advertises none is reached by MPLSoGRE', async (t) => {
  t.equal(chooseTunnelType(DEFAULT_ENCAPSULATION_PRIORITY, []), 'MPLSoGRE');
  t.equal(chooseTunnelType(['MPLSoUDP'], ['native', 'mpls-o-gre']), 'MPLSoGRE');
});

t.test('words of items are named as tunnels; unknown ones are passed over', async (t) => {
  t.same(tunnelTypesOf(['udp', 'gre', 'native']), ['MPLSoGRE', 'MPLSoUDP']);
});

t.test('routes with MPLS labels offer only tunnels that carry them, in the order of agents', async (t) => {
  t.same(offeredEncapsulations(DEFAULT_ENCAPSULATION_PRIORITY), ['gre', 'udp']);
  t.same(offeredEncapsulations(['MPLSoUDP']), ['udp']);
});
