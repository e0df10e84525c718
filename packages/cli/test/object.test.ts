/** The commands on configuration objects as somebody used to kubectl would type them, each in a process of its own. */
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiServer, ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import t from 'tap';

const program = fileURLToPath(new URL('../../bin/vaportrail.js', import.meta.url));
const folder = t.testdir({ store: {}, run: {} });
const store = EmbeddedStore.open(join(folder, 'store'));
const database = await ConfigDatabase.open(store);
const server = new ApiServer(database);
await server.listen({ address: '127.0.0.1', port: 0 });
t.teardown(async () => {
  await server.close();
  database.close();
  await store.close();
});
t.setTimeout(120_000);

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function vaportrail(line: string, from = server.url, input = ''): Promise<Said> {
  return run(line.split(' '), from, input);
}

/** For words that have spaces in them. */
function words(...line: string[]): Promise<Said> {
  return run(line, server.url, '');
}

function run(line: readonly string[], from: string, input: string): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...line, '--from', from],
      { env: { ...process.env, XDG_RUNTIME_DIR: join(folder, 'run') } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin!.end(input);
  });
}

const network = `domain: { fq_name: [d] }
---
project: { fq_name: [d, p] }
---
virtual-network:
  fq_name: [d, p, red]
  route_target_list: { route_target: ['target:64512:7'] }
---
virtual-network: { fq_name: [d, p, blue] }
---
loadbalancer:
  fq_name: [d, p, web__1]
  loadbalancer_provider: native
  loadbalancer_properties: { vip_address: 10.96.0.7 }
`;

t.test('objects are made from a file, and what is wrong with it is said before anything is', async (t) => {
  const file = join(folder, 'network.yaml');
  writeFileSync(file, network.replace('virtual-network:\n', 'virtual-netwrk:\n'));
  const refused = await vaportrail(`create -f ${file}`);
  t.equal(refused.code, 2);
  t.equal(
    refused.err,
    `error: ${file}:5: no object type is called "virtual-netwrk"; did you mean virtual-network?\n`,
  );
  t.equal(refused.out, '');
  writeFileSync(file, network);
  t.match(await vaportrail(`create -f ${file}`), {
    code: 0,
    out: 'domain/d created\nproject/d:p created\nvirtual-network/d:p:red created\nvirtual-network/d:p:blue created\nloadbalancer/d:p:web__1 created\n',
  });
  t.match(await vaportrail('create -f -', server.url, 'project: { fq_name: [d, p] }\n'), {
    code: 1,
    err: 'Error from server (AlreadyExists): -:1: projects "d:p" already exists\n',
  });
  for (const [text, error] of [
    ['- a list\n', /^error: -:1: a document must be \{TYPE: /],
    ['project: 7\n', /^error: -:1: project: fq_name: must be a list of names/],
    ['project: [\n', /^error: -:\d: /],
    [
      'project: { fq_name: [d, x], colour: red }\n',
      /^Error from server \(BadRequest\): -:1: a project has no "colour"/,
    ],
  ] as const)
    t.match((await vaportrail('create -f -', server.url, text)).err, error);
  t.match(await vaportrail('create -f /nowhere.yaml'), {
    code: 1,
    err: 'error: /nowhere.yaml: no such file\n',
  });
});

t.test('types go by their plural, singular and short names, several at a time', async (t) => {
  const [plural, singular, short, upper] = await Promise.all(
    ['virtual-networks', 'virtual-network', 'vn', 'VN'].map((type) => vaportrail(`get ${type}`)),
  );
  t.match(plural, {
    code: 0,
    err: '',
    out: /^NAME +ID +ROUTE TARGETS *\nblue .*\nred .*target:64512:7\n$/,
  });
  for (const other of [singular, short, upper]) t.equal(other!.out, plural!.out);
  const two = await vaportrail('get lb,vn');
  t.match(
    two.out,
    /^NAME +ADDRESS .*\nloadbalancer\/web__1 +10\.96\.0\.7 .*\n\nNAME +ID .*\nvirtual-network\/blue +/,
  );
  t.match(await vaportrail('get fip,lb'), {
    code: 0,
    err: '',
    out: /^NAME +ADDRESS .*\nloadbalancer\/web__1 [^\n]*\n$/,
  });
  const unknown = await vaportrail('get services');
  t.equal(unknown.code, 2);
  t.match(
    unknown.err,
    /resource type "services": what stands for one here is a loadbalancer; .*trace service/,
  );
  t.match((await vaportrail('get ns')).err, /here is a project\n$/);
  t.match(
    (await vaportrail('get weather')).err,
    /^error: the server doesn't have a resource type "weather"\n$/,
  );
  t.match(await vaportrail('get floating-ips'), { code: 0, out: '', err: 'No resources found\n' });
  t.match(await vaportrail('get'), { code: 2, err: /missing required argument 'type'/ });
});

t.test('one or several are named by name, full name, UUID or TYPE/NAME', async (t) => {
  const { uuid } = database.byName('virtual-network', ['d', 'p', 'red']);
  const answers = await Promise.all(
    ['vn red', 'vn d:p:red', `vn ${uuid}`, 'vn/red', 'virtual-networks/d:p:red'].map((line) =>
      vaportrail(`get ${line} -o name`),
    ),
  );
  for (const { code, out } of answers) t.same([code, out], [0, 'virtual-network/d:p:red\n']);
  t.equal(
    (await vaportrail('get vn red blue -o name')).out,
    'virtual-network/d:p:red\nvirtual-network/d:p:blue\n',
  );
  t.equal((await vaportrail('get lb web -o name')).out, 'loadbalancer/d:p:web__1\n', 'without the UID in it');
  const ipam = await database.create('network-ipam', {
    fqName: ['d', 'p', 'ipam'],
    parent: database.byName('project', ['d', 'p']),
    properties: {
      ipam_subnet_method: 'flat-subnet',
      ipam_subnets: { subnets: [{ subnet: { ip_prefix: '10.7.0.0', ip_prefix_len: 24 } }] },
    },
  });
  const ip = await database.create('instance-ip', {
    fqName: ['some-uuid'],
    properties: { instance_ip_address: '10.7.0.9' },
    references: { 'network-ipam': [{ uuid: ipam.uuid, attr: null }] },
  });
  t.match(await vaportrail('get iip 10.7.0.9 -o name'), { code: 0, out: 'instance-ip/some-uuid\n' });
  await database.delete('instance-ip', ip.uuid);
  await database.delete('network-ipam', ipam.uuid);
  const mixed = await vaportrail('get vn/red lb/web -o name');
  t.equal(mixed.out, 'virtual-network/d:p:red\nloadbalancer/d:p:web__1\n');
  t.match(await vaportrail('get vn/red blue'), { code: 2, err: /"blue" is not TYPE\/NAME/ });
});

t.test('a namespace selects, and a path orders', async (t) => {
  const parent = database.byName('project', ['d', 'p']);
  const made = [];
  for (const [name, namespace, label] of [
    ['n-1', 'shop', 20],
    ['n-2', 'bank', 100],
    ['n-3', 'shop', 3],
  ] as const)
    made.push(
      await database.create('virtual-network', {
        fqName: ['d', 'p', name],
        parent,
        properties: {
          virtual_network_network_id: label,
          annotations: { key_value_pair: [{ key: 'namespace', value: namespace }] },
        },
      }),
    );
  const names = async (line: string) =>
    (await vaportrail(`get ${line} -o name`)).out.match(/n-\d/g)?.join(' ');
  t.equal(await names('vn -n shop'), 'n-1 n-3');
  t.equal(await names('vn -A'), 'n-1 n-2 n-3');
  t.equal(await names('vn -n shop --sort-by .virtual_network_network_id'), 'n-3 n-1');
  t.equal(await names('vn -l namespace --sort-by={.virtual_network_network_id}'), 'n-3 n-1 n-2');
  t.match(await vaportrail('get vn n-2 -n shop'), { code: 1, err: /"n-2" not found/ });
  t.match(await vaportrail('get vn --sort-by .weather'), { code: 1, err: /couldn't find any field/ });
  t.match(await vaportrail('get vn --sort-by weather'), { code: 2, err: /is no path, such as/ });
  t.match(await vaportrail('get vn -A -n shop'), { code: 2, err: /exclude each other/ });
  for (const { uuid } of made) await database.delete('virtual-network', uuid);
});

t.test('what is not there ends with 1 and its name, and the others are shown', async (t) => {
  t.same(await vaportrail('get vn green'), {
    code: 1,
    out: '',
    err: 'Error from server (NotFound): virtual-networks "green" not found\n',
  });
  t.same(await vaportrail('get vn green red purple -o name'), {
    code: 1,
    out: 'virtual-network/d:p:red\n',
    err:
      'Error from server (NotFound): virtual-networks "green" not found\n' +
      'Error from server (NotFound): virtual-networks "purple" not found\n',
  });
  t.match(await vaportrail('describe vn green'), { code: 1, out: '', err: /"green" not found/ });
  t.match(await vaportrail('get vn 99fe8ce7-9e75-11e9-b485-0050569e6cfc -o json'), {
    code: 1,
    out: '',
    err: /^Error from server \(NotFound\): virtual-networks "99fe8ce7.*" not found\n$/,
  });
});

t.test('output is a table, a wide one, names, JSON and YAML', async (t) => {
  const wide = await vaportrail('get vn red -o wide');
  t.match(wide.out, /UUID *\nd:p:red .*[0-9a-f]{8}-/);
  const one = JSON.parse((await vaportrail('get vn red -o json')).out) as { 'virtual-network': object };
  t.match(one, { 'virtual-network': { fq_name: ['d', 'p', 'red'] } });
  const all = JSON.parse((await vaportrail('get vn,fip -o json')).out) as Record<string, object[]>;
  t.same([all['virtual-networks']!.length, all['floating-ips']!.length], [2, 0]);
  t.match((await vaportrail('get vn red -o yaml')).out, /^virtual-network:\n/);
  t.match(await vaportrail('get vn -o xml'), {
    code: 2,
    err: 'error: unable to match a printer suitable for the output format "xml", allowed formats are: custom-columns,json,jsonpath,name,wide,yaml\n',
  });
  t.match((await vaportrail('describe vn')).out, /^name: d:p:blue\n[^]*\n---\nname: d:p:red\n/);
  t.match((await vaportrail('describe lb web')).out, /vip_address: 10\.96\.0\.7/);
});

t.test('selectors choose by annotations as those of kubectl do by labels', async (t) => {
  const pairs = (...list: string[]) => ({
    annotations: {
      key_value_pair: list.map((each) => ({ key: each.split('=')[0]!, value: each.split('=')[1]! })),
    },
  });
  const parent = database.byName('project', ['d', 'p']);
  for (const [name, properties] of [
    ['sel-a', pairs('kind=Service', 'namespace=one')],
    ['sel-b', pairs('kind=Service', 'namespace=two')],
    ['sel-c', pairs('kind=Pod')],
  ] as const)
    await database.create('security-group', { fqName: ['d', 'p', name], parent, properties });
  for (const [selector, names] of [
    ['kind=Service', 'ab'],
    ['kind==Service,namespace=two', 'b'],
    ['kind!=Service', 'c'],
    ['namespace', 'ab'],
    ['!namespace', 'c'],
    ['namespace in (one,two),kind=Service', 'ab'],
    ['namespace notin (one)', 'bc'],
    ['kind=Nothing', ''],
  ] as const) {
    const { out, code } = await words('get', 'security-group', '-l', selector, '-o', 'name');
    t.same([code, out.match(/(?<=sel-)./g)?.join('') ?? ''], [0, names], selector);
  }
  t.match(await words('get', 'security-group', '-l', 'a in b'), { code: 2, err: /"a in b" is no selector/ });
  t.match(await words('get', 'security-group', 'sel-a', '-l', 'kind'), {
    code: 2,
    err: /name cannot be provided when a selector is specified/,
  });
  t.match(await words('delete', 'security-group', '-l', 'kind=Pod'), {
    code: 0,
    out: 'security-group "d:p:sel-c" deleted\n',
  });
  t.match(await vaportrail('delete security-group sel-a --all'), {
    code: 2,
    err: /name cannot be provided when --all or a selector is specified/,
  });
  const { out } = await vaportrail('delete security-group --all');
  t.match(out, /d:p:sel-a" deleted\nsecurity-group "d:p:sel-b" deleted\n$/);
  t.match(await vaportrail('delete security-group sel-a'), {
    code: 1,
    err: /security-groups "sel-a" not found/,
  });
  t.match(await vaportrail('delete security-group sel-a --ignore-not-found'), { code: 0, out: '', err: '' });
  t.match(await vaportrail('delete security-group sel-a --ignore-not-found', 'http://127.0.0.1:1'), {
    code: 1,
  });
});

t.test('-o jsonpath prints what a script asks for, as it is', async (t) => {
  for (const [template, text] of [
    ['{.items[*].name}', 'blue red'],
    ['{.virtual-networks[0].fq_name[-1]}', 'blue'],
    [
      '{range .items[*]}{.name}={.route_target_list.route_target[0]}{"\\n"}{end}',
      'blue=\nred=target:64512:7\n',
    ],
    ['names: {.items[?(@.name=="red")].fq_name}', 'names: ["d","p","red"]'],
  ] as const)
    t.same(await words('get', 'vn', '-o', `jsonpath=${template}`), { code: 0, out: text, err: '' }, template);
  t.match(await words('get', 'vn', 'red', '-o', 'jsonpath={.name}'), { code: 0, out: 'red' });
  t.match(await words('get', 'vn', '-o', 'jsonpath={.a'), {
    code: 2,
    err: /jsonpath: "\{" without its other half/,
  });
});

t.test('--watch goes on with what comes, changes and goes, until the config node does', async (t) => {
  const parent = database.byName('project', ['d', 'p']);
  const child = spawn(process.execPath, [program, 'get', 'vn', '-w', '-l', '!hidden', '--from', server.url], {
    env: { ...process.env, XDG_RUNTIME_DIR: join(folder, 'run') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  const printed = async (what: RegExp): Promise<void> => {
    for (let wait = 0; wait < 1000 && !what.test(out); wait++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    t.match(out, what);
  };
  await printed(/^NAME +ID +ROUTE TARGETS\nblue .*\nred .*target:64512:7\n$/);
  const hidden = { annotations: { key_value_pair: [{ key: 'hidden', value: '' }] } };
  await database.create('virtual-network', { fqName: ['d', 'p', 'black'], parent, properties: hidden });
  const green = await database.create('virtual-network', { fqName: ['d', 'p', 'green'], parent });
  await printed(/\ngreen +\d+\n$/);
  await database.update('virtual-network', green.uuid, {
    properties: { route_target_list: { route_target: ['target:64512:9'] } },
  });
  await printed(/\ngreen +\d+ +target:64512:9\n$/);
  await database.delete('virtual-network', green.uuid);
  await printed(/(green +\d+ +target:64512:9\n){2}$/);
  t.notMatch(out, /black/);
  await database.delete('virtual-network', database.byName('virtual-network', ['d', 'p', 'black']).uuid);
});

t.test('deleting takes names or a file, and refuses what is in use or not named', async (t) => {
  t.match(await vaportrail('delete vn'), { code: 2, err: /no name was specified/ });
  t.match(await vaportrail('delete project p'), {
    code: 1,
    err: /^Error from server \(Conflict\): project d:p is still used by/,
  });
  t.match(await vaportrail('delete vn/red vn/green'), {
    code: 1,
    out: 'virtual-network "d:p:red" deleted\n',
    err: 'Error from server (NotFound): virtual-networks "green" not found\n',
  });
  const rest =
    network.slice(0, network.indexOf('virtual-network:')) +
    network.slice(network.indexOf('virtual-network: {'));
  t.match(await vaportrail('delete -f -', server.url, rest), {
    code: 0,
    out: 'loadbalancer "d:p:web__1" deleted\nvirtual-network "d:p:blue" deleted\nproject "d:p" deleted\ndomain "d" deleted\n',
  });
  t.match(await vaportrail('delete'), { code: 2, err: /either TYPE NAME, or -f/ });
});

t.test('every command has help with examples', async (t) => {
  for (const command of ['get', 'describe', 'create', 'delete', 'trace'])
    t.match(await vaportrail(`${command} --help`), {
      code: 0,
      out: /Usage: [^]*Examples:\n {2}\$ vaportrail /,
    });
});

t.test('a config node that is not there, and something that is none, are told as that', async (t) => {
  t.match(await vaportrail('get vn', 'http://127.0.0.1:1'), {
    code: 1,
    err: /no config node answers at http:\/\/127\.0\.0\.1:1/,
  });
  t.match(await vaportrail('get vn', 'nobody'), { code: 2, err: /no config node called "nobody" runs here/ });
  const web = createServer((_, response) => response.end('<html>'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.teardown(() => web.close());
  const { port } = web.address() as AddressInfo;
  t.match(await vaportrail('get vn', `http://127.0.0.1:${port}`), {
    code: 1,
    err: /answered 200 with what is not JSON: is it a config node\?/,
  });
});
