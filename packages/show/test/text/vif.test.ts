import t from 'tap';

import { interfacesText } from '../../src/text/vif.ts';
import type { VrouterInterfaceView } from '../../src/vrouter-views.ts';

const tap: VrouterInterfaceView = {
  index: 8,
  name: 'tapeth0-304431',
  type: 'virtual',
  os: true,
  mac: '00:00:5e:00:01:00',
  address: '10.47.255.236',
  vrf: 2,
  flags: ['P', 'L3', 'D', 'Er'],
  references: 6,
  received: { packets: 455, octets: 19110, errors: 0 },
  sent: { packets: 710, octets: 29820, errors: 0 },
  drops: 455,
};

t.test('vif --get prints the interface of a pod as captured on a real vRouter', async (t) => {
  const text = interfacesText([tap]);
  t.same(text.slice(text.indexOf('vif0/8')).split('\n'), [
    'vif0/8      OS: tapeth0-304431',
    '            Type:Virtual HWaddr:00:00:5e:00:01:00 IPaddr:10.47.255.236',
    '            Vrf:2 Mcast Vrf:2 Flags:PL3DEr QOS:-1 Ref:6',
    '            RX packets:455  bytes:19110 errors:0',
    '            TX packets:710  bytes:29820 errors:0',
    '            Drops:455',
    '',
    '',
  ]);
});

t.test('vif --list begins with the meaning of the flags', async (t) => {
  const text = interfacesText([
    { ...tap, index: 2, name: 'unix', type: 'agent', os: false, vrf: 65535, flags: [] },
    { ...tap, nextHop: 59, address6: 'fd00::236' },
  ]);
  t.same(text.split('\n').slice(0, 4), [
    'Vrouter Interface Table',
    '',
    'Flags: P=Policy, X=Cross Connect, S=Service Chain, Mr=Receive Mirror',
    '       Mt=Transmit Mirror, Tc=Transmit Checksum Offload, L3=Layer 3, L2=Layer 2',
  ]);
  t.match(text, /^vif0\/2 {10}unix\n {12}Type:Agent .*\n {12}Vrf:65535 Mcast Vrf:65535 Flags:NULL QOS:-1/m);
  t.match(text, 'vif0/8      OS: tapeth0-304431 NH: 59\n');
  t.match(text, '            IP6addr:fd00::236\n');
});
