import { readConfig } from '@vaportrail/show';
import t from 'tap';
import { gatewayConfig, type GatewayConfig } from '../src/config.ts';
import { StatementError } from '../src/statement-row.ts';
import { applyStatement, statementLines } from '../src/statement.ts';
import { writtenConfig, type WrittenConfig } from '../src/written-config.ts';

const lab = `
name: camaro
asn: 13979
router-id: 192.168.0.204
routing-instances:
  - name: k8s-test
    route-distinguisher: 192.168.0.204:500
    vrf-target: target:500:500
    interfaces: [{ name: ge-0/0/1.0, address: 15.15.15.1/24 }]
dynamic-tunnels:
  - { name: contrail, source-address: 192.168.0.204, destination-networks: [10.169.25.0/24] }
`;

function written(): WrittenConfig {
  return writtenConfig(readConfig(lab, 'gateway.yaml', gatewayConfig));
}

function after(...lines: string[]): GatewayConfig {
  const config = written();
  for (const line of lines) {
    const [action, ...words] = line.split(' ');
    applyStatement(config, action as 'set', words);
  }
  return gatewayConfig.parse(config);
}

const knob = 'routing-instances k8s-test routing-options multipath';

t.test('what is written reads back as the same configuration', async (t) => {
  t.same(gatewayConfig.parse(written()), readConfig(lab, 'gateway.yaml', gatewayConfig));
});

t.test('the statements of a configuration make it again', async (t) => {
  t.same(statementLines(written()), [
    'set routing-instances k8s-test instance-type vrf',
    'set routing-instances k8s-test route-distinguisher 192.168.0.204:500',
    'set routing-instances k8s-test vrf-target target:500:500',
    'set routing-instances k8s-test vrf-table-label',
    'set routing-instances k8s-test interface ge-0/0/1.0 address 15.15.15.1/24',
    'set routing-options dynamic-tunnels contrail source-address 192.168.0.204',
    'set routing-options dynamic-tunnels contrail gre',
    'set routing-options dynamic-tunnels contrail destination-networks 10.169.25.0/24',
  ]);
  const lines = [
    ...statementLines(written()),
    `set ${knob} vpn-unequal-cost`,
    'set routing-instances k8s-test routing-options static route 0.0.0.0/0 next-hop 15.15.15.2',
    'set routing-options rib inet.3 static route 10.1.1.1/32 next-hop ge-0/0/2.0',
  ];
  const config: WrittenConfig = { name: 'camaro', asn: 13979, 'router-id': '192.168.0.204' };
  for (const line of lines) applyStatement(config, 'set', line.split(' ').slice(1));
  gatewayConfig.parse(config);
  t.same(statementLines(config).sort(), lines.sort());
});

t.test('the knob of the lab, on and off', async (t) => {
  const multipath = (config: GatewayConfig): unknown =>
    config['routing-instances'][0]!['routing-options'].multipath;
  t.equal(multipath(after()), undefined);
  t.same(multipath(after(`set ${knob}`)), { vpnUnequalCost: false, equalExternalInternal: false });
  t.same(multipath(after(`set ${knob} vpn-unequal-cost`)), {
    vpnUnequalCost: true,
    equalExternalInternal: false,
  });
  t.same(multipath(after(`set ${knob} vpn-unequal-cost equal-external-internal`, `set ${knob}`)), {
    vpnUnequalCost: true,
    equalExternalInternal: true,
  });
  t.same(
    multipath(after(`set ${knob} vpn-unequal-cost`, `delete ${knob} vpn-unequal-cost`)),
    { vpnUnequalCost: false, equalExternalInternal: false },
    'deleting the option leaves the statement above it',
  );
  t.equal(multipath(after(`set ${knob} vpn-unequal-cost`, `delete ${knob}`)), undefined);
});

t.test('a metric moves a next hop away', async (t) => {
  const config = after(
    'set routing-options dynamic-tunnels contrail destination-networks 10.169.25.21/32 metric 20',
  );
  t.match(config['dynamic-tunnels'][0]!['destination-networks'], [{ metric: 0 }, { metric: 20 }]);
});

t.test('a policy is built and taken apart word by word', async (t) => {
  const statement = 'policy-options policy-statement in term fips';
  const lines = [
    'set policy-options community k8s members target:500:500',
    `set ${statement} from protocol bgp`,
    `set ${statement} from community k8s`,
    `set ${statement} from route-filter 101.101.101.0/24 orlonger`,
    `set ${statement} from route-filter 101.101.0.0/16 upto /24`,
    `set ${statement} then local-preference 200`,
    `set ${statement} then community add k8s`,
    `set ${statement} then accept`,
  ];
  const config = after(...lines, 'set routing-instances k8s-test vrf-import in');
  t.match(config['routing-instances'], [{ 'vrf-import': ['in'] }]);
  const written = writtenConfig(config);
  for (const line of lines) t.ok(statementLines(written).includes(line), line);
  t.same(gatewayConfig.parse(written), config, 'what is written reads back');
  const without = after(
    ...lines,
    `delete ${statement} from community k8s`,
    `delete ${statement} then accept`,
  );
  const [term] = without['policy-options']['policy-statement'][0]!.terms;
  t.equal(term!.from.community, undefined);
  t.equal(term!.then.action, undefined);
  t.throws(() => after('set routing-instances k8s-test vrf-import nowhere'), /there is no policy-statement/);
  t.throws(() => after('delete policy-options policy-statement in'), /there is no policy-statement "in"/);
});

t.test('words that make no statement are told apart', async (t) => {
  const problem = (line: string): string => {
    try {
      after(line);
    } catch (error) {
      if (error instanceof StatementError) return error.message;
      throw error;
    }
    return '';
  };
  t.equal(
    problem('set routing-instances k8s-test routing-options multipath vpn-unequal-costs'),
    '"vpn-unequal-costs" is not known behind "routing-instances k8s-test routing-options multipath": did you mean "vpn-unequal-cost"?',
  );
  t.match(
    problem('set routing-instances k8s-test routing-options'),
    /is not complete: expected multipath or rib or static/,
  );
  t.match(problem('set interfaces ge-0/0/1'), /"interfaces" is not known: expected/);
  t.equal(problem('delete routing-instances nowhere'), 'there is no routing instance "nowhere"');
  t.equal(
    problem('delete routing-options static route 10.0.0.0/8 next-hop discard'),
    'there is no static route 10.0.0.0/8 next-hop discard',
  );
});

t.test('multipath of IPv6 is a statement of its own, under the table', async (t) => {
  const ipv6 = 'routing-instances k8s-test routing-options rib k8s-test.inet6.0 multipath';
  const both = after(`set ${ipv6} vpn-unequal-cost`, `set ${knob}`);
  const [instance] = both['routing-instances'];
  t.same(instance!['routing-options'].multipath, { vpnUnequalCost: false, equalExternalInternal: false });
  t.same(instance!['routing-options'].rib['inet6.0'].multipath, {
    vpnUnequalCost: true,
    equalExternalInternal: false,
  });
  const lines = statementLines(writtenConfig(both));
  t.ok(lines.includes(`set ${ipv6} vpn-unequal-cost`));
  t.ok(lines.includes(`set ${knob}`));
  const without = after(`set ${ipv6} vpn-unequal-cost`, `delete ${ipv6}`);
  t.equal(without['routing-instances'][0]!['routing-options'].rib['inet6.0'].multipath, undefined);
  t.throws(
    () => after('set routing-instances k8s-test routing-options rib k8s-test.inet.0 multipath'),
    StatementError,
  );
});
