import t from 'tap';

import { nextHopGetText, nextHopListText } from '../../src/text/nh.ts';
import type { VrouterNextHopView } from '../../src/vrouter-views.ts';

/** The ECMP next hop of a service with a backend on another node and one here, as captured on a real vRouter. */
const service: VrouterNextHopView[] = [
  {
    id: 37,
    type: 'encap',
    family: 'inet',
    references: 5,
    vrf: 2,
    flags: ['Valid', 'Etree Root'],
    interface: 8,
    rewrite: '023051c0fc9e00005e0001000800',
  },
  {
    id: 51,
    type: 'tunnel',
    family: 'inet',
    references: 18,
    vrf: 0,
    flags: ['Valid', 'MPLSoUDP', 'Etree Root'],
    interface: 0,
    rewrite: '0050569ee6660050569e62250800',
    source: '10.169.25.20',
    destination: '10.169.25.21',
  },
  {
    id: 87,
    type: 'composite',
    family: 'inet',
    references: 2,
    vrf: 2,
    flags: ['Valid', 'Policy', 'Ecmp', 'Etree Root'],
    hashFields: [
      'l3-source-address',
      'l3-destination-address',
      'l4-protocol',
      'l4-source-port',
      'l4-destination-port',
    ],
    members: [
      { id: 51, label: 28 },
      { id: 37, label: 43 },
    ],
  },
];

t.test('nh --get of an ECMP next hop prints it and its members like the vRouter', async (t) => {
  const lines = nextHopGetText(service, 87)?.split('\n');
  t.same(lines, [
    'Id:87         Type:Composite      Fmly: AF_INET  Rid:0  Ref_cnt:2          Vrf:2',
    '              Flags:Valid, Policy, Ecmp, Etree Root, ',
    '              Valid Hash Key Parameters: Proto,SrcIP,SrcPort,DstIp,DstPort',
    '              Sub NH(label): 51(28) 37(43)',
    '',
    'Id:51         Type:Tunnel         Fmly: AF_INET  Rid:0  Ref_cnt:18         Vrf:0',
    '              Flags:Valid, MPLSoUDP, Etree Root, ',
    '              Oif:0 Len:14 Data:00 50 56 9e e6 66 00 50 56 9e 62 25 08 00 ',
    '              Sip:10.169.25.20 Dip:10.169.25.21',
    '',
    'Id:37         Type:Encap          Fmly: AF_INET  Rid:0  Ref_cnt:5          Vrf:2',
    '              Flags:Valid, Etree Root, ',
    '              EncapFmly:0806 Oif:8 Len:14',
    '              Encap Data: 02 30 51 c0 fc 9e 00 00 5e 00 01 00 08 00 ',
    '',
    '',
  ]);
});

t.test('nh --list prints every next hop once', async (t) => {
  const drop: VrouterNextHopView = {
    id: 0,
    type: 'discard',
    family: 'inet',
    references: 4,
    vrf: 0,
    flags: ['Valid'],
  };
  const text = nextHopListText([drop, ...service]);
  t.same(text.match(/^Id:\d+/gm), ['Id:0', 'Id:37', 'Id:51', 'Id:87']);
  t.match(
    text,
    'Id:0          Type:Drop           Fmly: AF_INET  Rid:0  Ref_cnt:4          Vrf:0\n' +
      '              Flags:Valid, \n\nId:37',
  );
});

t.test('there is no text for a next hop that is not there', async (t) => {
  t.equal(nextHopGetText(service, 88), undefined);
});

t.test('a composite with many members continues on an indented line', async (t) => {
  const members = Array.from({ length: 12 }, (_, index) => ({ id: 100 + index, label: 1000 + index }));
  const [text = ''] = nextHopListText([{ ...service[2]!, members }]).split('\n\n');
  const [, , , first = '', second = ''] = text.split('\n');
  t.match(first, /^ {14}Sub NH\(label\):( \d+\(\d+\)){7}$/);
  t.match(second, /^ {28}( \d+\(\d+\)){5}$/);
});

t.test('an emptied place and a member without label are printed as they are', async (t) => {
  const members = [{ id: -1 }, { id: 51, label: -1 }, { id: 37, label: 43 }];
  t.match(nextHopListText([{ ...service[2]!, members }]), 'Sub NH(label): -1 51 37(43)\n');
  t.match(nextHopGetText([{ ...service[2]!, members }, ...service.slice(0, 2)], 87), /Id:51[^]*Id:37/);
});
