import { ManualClock } from '@vaportrail/net';
import { routeBrief } from '@vaportrail/show';
import t from 'tap';
import { gatewayConfig } from '../src/config.ts';
import { Gateway } from '../src/gateway.ts';

t.test('mpls.0 has the label of each routing instance, and those every router takes', async (t) => {
  const clock = new ManualClock(Date.UTC(2019, 5, 30));
  const gateway = new Gateway(
    gatewayConfig.parse({
      name: 'camaro',
      asn: 13979,
      'router-id': '192.168.0.204',
      'routing-instances': [
        { name: 'k8s-test', 'route-distinguisher': '192.168.0.204:500', 'vrf-target': '500:500' },
        {
          name: 'ping-test',
          'route-distinguisher': '192.168.0.204:501',
          'vrf-target': '500:501',
          'vrf-table-label': 299776,
        },
      ],
    }),
    { clock },
  );
  await gateway.start();
  t.teardown(() => gateway.stop());
  clock.advance(71_000);
  const tables = gateway.routeTables({ table: 'mpls.0' });
  t.equal(
    tables.map((table) => routeBrief(table)).join(''),
    `
mpls.0: 6 destinations, 6 routes (6 active, 0 holddown, 0 hidden)
+ = Active Route, - = Last Active, * = Both

0                  *[MPLS/0] 00:01:11, metric 1
                      Receive
1                  *[MPLS/0] 00:01:11, metric 1
                      Receive
2                  *[MPLS/0] 00:01:11, metric 1
                      Receive
13                 *[MPLS/0] 00:01:11, metric 1
                      Receive
16                 *[VPN/170] 00:01:11
                      receive table k8s-test.inet.0, Pop
299776             *[VPN/170] 00:01:11
                      receive table ping-test.inet.0, Pop
`,
  );
  t.equal(gateway.routes({ table: 'mpls.0', prefix: '16' }).length, 1, 'one label alone');
  t.ok(
    gateway.routeTables({ prefix: '10.0.0.0/8' }).every(({ name }) => name !== 'mpls.0'),
    'a prefix is no label',
  );
});
