import { readConfig } from '@vaportrail/show';
import t from 'tap';
import { ReloadError, changedConfig } from '../src/change.ts';
import { gatewayConfig } from '../src/config.ts';
import { refuseFixedChanges } from '../src/fixed-settings.ts';

const lab = readConfig(
  `
name: camaro
asn: 13979
router-id: 192.168.0.204
mrt: { table: { file: rib.mrt } }
routing-instances:
  - name: k8s-test
    route-distinguisher: 192.168.0.204:500
    vrf-target: target:500:500
`,
  'gateway.yaml',
  gatewayConfig,
);
const knob = 'routing-instances k8s-test routing-options multipath';

t.test('a statement makes another configuration and leaves the one in force as it is', async (t) => {
  const set = changedConfig(lab, { set: knob });
  t.ok(set['routing-instances'][0]?.['routing-options'].multipath);
  t.notOk(lab['routing-instances'][0]?.['routing-options'].multipath);
  t.notOk(changedConfig(set, { delete: knob })['routing-instances'][0]?.['routing-options'].multipath);
});

t.test('what is in quotation marks is one word', async (t) => {
  const statement = 'policy-options community services members "target:500:500"';
  t.match(changedConfig(lab, { set: statement })['policy-options'].community, [
    { name: 'services', members: ['target:500:500'] },
  ]);
});

t.test('a statement that makes no valid configuration says which field is wrong', async (t) => {
  t.throws(() => changedConfig(lab, { set: 'routing-instances k8s-test vrf-target nonsense' }), {
    message: /^routing-instances k8s-test vrf-target: "nonsense" is not a route target/,
  });
  t.throws(() => changedConfig(lab, { set: 'routing-instances other routing-options multipath' }), {
    message: 'routing-instances other route-distinguisher: is missing',
  });
});

t.test('no statement changes what only a new start can change', async (t) => {
  t.doesNotThrow(() => refuseFixedChanges(lab, changedConfig(lab, { set: knob })));
  t.throws(() => refuseFixedChanges(lab, { ...lab, asn: 13980 }), ReloadError);
  t.throws(() => refuseFixedChanges(lab, { ...lab, bgp: { ...lab.bgp, 'always-compare-med': true } }), {
    message: /^bgp.always-compare-med cannot be changed/,
  });
});
