import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';

import { ConfigError, readConfig, readConfigFile } from '../src/config-file.ts';
import { familyName } from '../src/family-name.ts';
import { asn, listenEndpoint, prefix, routeTarget, routerId } from '../src/settings.ts';

const schema = z.strictObject({
  name: z.string(),
  asn,
  'router-id': routerId,
  bgp: z
    .strictObject({
      listen: z.array(listenEndpoint(179)).default([]),
      peers: z.array(z.strictObject({ address: z.string(), asn: asn.optional() })).default([]),
    })
    .prefault({}),
  targets: z.array(routeTarget).optional(),
  routes: z.array(prefix).optional(),
});

function problems(text: string): string[] {
  try {
    readConfig(text, 'node.yaml', schema);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

t.test('a good file becomes the nouns of the network', async (t) => {
  const config = readConfig(
    'name: ctl\nasn: 60100\nrouter-id: 10.169.25.19\ntargets: [500:500, target:64512:8000016]\nroutes: [101.101.101.0/24]\n',
    'node.yaml',
    schema,
  );
  t.equal(config.asn, 60100);
  t.equal(config['router-id'], 0x0aa91913);
  t.same([...config.targets![0]!], [0, 2, 0x01, 0xf4, 0, 0, 0x01, 0xf4]);
  t.equal(config.routes![0]!.length, 24);
  t.same(config.bgp, { listen: [], peers: [] });
});

t.test('text that is not YAML is refused at the line of the mistake', async (t) => {
  const [first] = problems('name: ctl\nasn: [60100\nrouter-id: 10.0.0.1\n');
  t.match(first, /^node\.yaml:3:\d+: /);
  t.match(problems('name: "unfinished\n')[0], /^node\.yaml:\d+:\d+: .*quote/i);
});

t.test('an unknown key is an error that suggests the known one', async (t) => {
  t.same(
    problems(
      'name: ctl\nasn: 1\nrouterId: 10.0.0.1\nrouter-id: 10.0.0.1\nbgp:\n  peers:\n    - adress: 10.0.0.2\n      address: 10.0.0.2\n',
    ),
    [
      'node.yaml:3:1: routerId: unknown key; did you mean "router-id"?',
      'node.yaml:7:7: bgp.peers[0].adress: unknown key; did you mean "address"?',
    ],
  );
  t.same(problems('name: ctl\nasn: 1\nrouter-id: 10.0.0.1\nweather: sunny\n'), [
    'node.yaml:4:1: weather: unknown key',
  ]);
});

t.test('a duplicate key is an error, together with what else is wrong', async (t) => {
  t.same(problems('name: ctl\nname: other\nasn: 0\nrouter-id: 10.0.0.1\n'), [
    'node.yaml:2:1: duplicate key "name"',
    'node.yaml:3:6: asn: 0 is not an AS number (1 to 4294967295)',
  ]);
});

t.test('every problem is told at once, in the order of the file', async (t) => {
  t.same(
    problems(
      'asn: "1.70000"\nrouter-id: 10.0.0.256\ntargets:\n  - 500:500\n  - x:500\n  - 500:\nbgp:\n  listen:\n    - address: 127.0.0.1\n      port: 70000\n',
    ),
    [
      'node.yaml:1:1: name: is missing',
      'node.yaml:1:6: asn: 1.70000 is not an AS number (1 to 4294967295)',
      'node.yaml:2:12: router-id: "10.0.0.256" is not an IPv4 address',
      'node.yaml:5:5: targets[1]: "x:500" is not a route target: expected ADMINISTRATOR:NUMBER, e.g. 64512:100 or 10.0.0.1:100',
      'node.yaml:6:5: targets[2]: must be text such as "500:500"',
      'node.yaml:10:13: bgp.listen[0].port: must be a whole number from 0 to 65535',
    ],
  );
});

t.test('what stands in the file is told beside what should', async (t) => {
  const settings = z.strictObject({
    on: z.boolean().optional(),
    secret: z.string().min(1).max(4).optional(),
    hops: z.array(z.string()).min(1).optional(),
    site: z.strictObject({ name: z.string() }).optional(),
    role: z.enum(['provider', 'customer']).optional(),
    type: z.literal('vrf').optional(),
    families: z.partialRecord(familyName(['inet', 'inet-vpn']), z.number().max(7)).optional(),
    list: z.array(familyName(['inet', 'inet-vpn'])).optional(),
  });
  const problem = (text: string): string => {
    try {
      readConfig(text, 'f', settings);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return '';
  };
  for (const [text, message] of [
    ['on: on', '1:5: on: must be true or false, not "on"'],
    ['on:', '1:4: on: must be true or false, not nothing'],
    ['secret: 12345', '1:9: secret: must be text, not 12345; put it in quotes'],
    ['secret: ""', '1:9: secret: must not be empty'],
    ['secret: longer', '1:9: secret: must have 4 characters at most'],
    ['hops: {a: b}', '1:7: hops: must be a list, not a mapping'],
    ['hops: []', '1:7: hops: needs 1 entry or more'],
    ['site: 10.0.0.1:179', '1:7: site: must be a mapping of keys to values, not "10.0.0.1:179"'],
    [
      'role: custommer',
      '1:7: role: must be one of provider, customer, not "custommer"; did you mean "customer"?',
    ],
    ['type: evpn', '1:7: type: must be vrf, not "evpn"'],
    ['families: {inet-vpnn: 1}', '1:12: families.inet-vpnn: unknown key; did you mean "inet-vpn"?'],
    ['families: {inet: 8}', '1:18: families.inet: must be 7 at most'],
    ['list: [VPNv4]', '1:8: list[0]: "VPNv4" is called inet-vpn here, which is one of inet, inet-vpn'],
    ['list: [l2vpn evpn]', '1:8: list[0]: must be one of inet, inet-vpn, not "l2vpn evpn"'],
    [
      'list: [inet]\n---\nlist: [inet]',
      '2:1: a second document begins here; a configuration is one document',
    ],
  ] as const)
    t.equal(problem(text), `f:${message}`);
  t.match(
    problems('name: a\nasn: 1.10\nrouter-id: 10.0.0.1\n')[0],
    /1\.1 is not an AS number .*asdot needs quotes/,
  );
});

t.test('an empty file misses what is required', async (t) => {
  t.match(problems(''), ['node.yaml:1:1: name: is missing', /asn/, 'node.yaml:1:1: router-id: is missing']);
});

t.test('a bomb of aliases is refused', async (t) => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 9; i++)
    text += `a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]\n`;
  t.match(problems(text)[0], /alias/);
});

t.test('a file that is not there is named', async (t) => {
  t.throws(() => readConfigFile(join(t.testdir(), 'none.yaml'), schema), /none\.yaml: no such file/);
  t.throws(() => readConfigFile(t.testdir(), schema), /is a directory/);
});

t.test('an AS number may be asdot', async (t) => {
  t.equal(asn.parse('1.10'), 65546);
  t.equal(asn.parse('4200000000'), 4200000000);
  t.notOk(asn.safeParse('x').success);
});
