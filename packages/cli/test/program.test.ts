import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { announceEndpoint } from '@vaportrail/show';
import t, { type Test } from 'tap';
import { questions } from '../src/commands/show.ts';
import { outcome } from '../src/outcome.ts';
import { commands, program } from '../src/program.ts';
import { bin, vaportrail } from './running-command.ts';

t.setTimeout(60_000);

t.test('every command explains itself, with examples', async (t) => {
  const root = await program();
  t.match(root.helpInformation(), /control-node/);
  for (const command of root.commands) {
    if (command.name() === 'help') continue;
    t.ok(command.summary().length > 10, command.name());
    t.ok((await commands[command.name() as keyof typeof commands]()).examples.length > 0);
  }
  const lab = await vaportrail(['lab', '--help']);
  t.equal(lab.code, 0);
  t.match(lab.stdout, /Examples:\n {2}\$ vaportrail lab/);
  const show = root.commands.find((command) => command.name() === 'show')!;
  for (const name of Object.keys(questions)) {
    const question = show.commands.find((command) => command.name() === name)!;
    t.match(question.helpInformation(), /--from <daemon>/, name);
  }
});

t.test('wrong usage ends with exit code 2 and says what was meant', async (t) => {
  t.match(await vaportrail(['labb']), {
    code: 2,
    stdout: '',
    stderr: /unknown command 'labb'\n.*Did you mean lab\?/s,
  });
  t.match(await vaportrail(['lab', '--peers', 'frr,cisco']), {
    code: 2,
    stderr: /"cisco" is none of gateway, frr, gobgp/,
  });
  t.match(await vaportrail(['control-node']), { code: 2, stderr: /required option '-c, --config <file>'/ });
  t.match(await vaportrail(['show', 'neighbors', '--nonsense']), { code: 2, stderr: /unknown option/ });
  t.match(await vaportrail([]), { code: 2, stderr: /Usage: vaportrail/ });
});

t.test('every mistake in a configuration is a line with file, line and column', async (t) => {
  const folder = t.testdir({
    'node.yaml': 'name: cent111\nasn: 0\nrouter-id: 10.169.25.19\nxmmp: {}\n',
    'broken.yaml': 'name: [\n',
    'agent.yaml': 'name: cent222\naddress: 10.169.25.2000\ncontrol-nodes: [{address: 127.0.0.1}]\n',
    'gateway.yaml': 'name: camaro\nasn: 13979\n',
  });
  const file = join(folder, 'node.yaml');
  const { code, stderr, stdout } = await vaportrail(['control-node', '-c', file]);
  t.equal(code, 2);
  t.equal(stdout, '');
  t.same(stderr.trimEnd().split('\n'), [
    `${file}:2:6: asn: 0 is not an AS number (1 to 4294967295)`,
    `${file}:4:1: xmmp: unknown key; did you mean "xmpp"?`,
  ]);
  const says = async (command: string, name: string) => {
    const args = [command, '-c', join(folder, name)];
    return (await program(args)).parseAsync(args, { from: 'user' }).then(() => undefined, outcome);
  };
  t.match(await says('control-node', 'broken.yaml'), { code: 2, message: /broken\.yaml:\d+:\d+: / });
  t.match(await says('agent', 'agent.yaml'), { code: 2, message: /agent\.yaml:2:10: address: / });
  t.match(await says('gateway', 'gateway.yaml'), { code: 2, message: /router-id: is missing/ });
  t.match(await says('gateway', 'none.yaml'), { code: 2, message: /none\.yaml: no such file/ });
});

const controlNodeFile = `name: cent111
router-id: 10.169.25.19
bgp: { listen: [] }
xmpp: { listen: { address: 127.0.0.1, port: 0 } }
`;

/** A control node as a child, up, with a folder of its own for its note. */
async function running(t: Test) {
  const folder = t.testdir({ 'node.yaml': controlNodeFile });
  const file = join(folder, 'node.yaml');
  const env = { XDG_RUNTIME_DIR: folder };
  const child = spawn(process.execPath, [bin, 'control-node', '-c', file], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const logged = async (text: string): Promise<void> => {
    while (!log.includes(text)) await once(child.stderr, 'data');
  };
  await logged('is up');
  return { child, env, file, logged };
}

t.test('a daemon is found by show, and ends with exit code 0 at SIGTERM', async (t) => {
  const { child, env } = await running(t);
  const show = (...args: string[]) => vaportrail(['show', ...args], env);
  t.same(JSON.parse((await show('neighbors', '--json')).stdout), []);
  t.match(await show('tables', '--from', 'cent111'), { code: 0, stdout: /bgp\.l3vpn\.0/ });
  t.match(await show('tables', '--from', 'cent11'), {
    code: 2,
    stderr: /no daemon called "cent11" runs here; did you mean "cent111"\?/,
  });
  t.match(await show('vrf'), { code: 1, stderr: /no gateway or agent runs here \(running: cent111\)/ });
  t.match(await show('routes', '--table', 'none.inet.0'), {
    code: 1,
    stderr: 'error: no table none.inet.0\n',
  });
  t.match(await show('vrf', '--from', 'cent111'), {
    code: 2,
    stderr: 'error: cent111 is a control-node: a gateway or agent is asked this\n',
  });
  t.match(await vaportrail(['trace', 'service', 'web', '--from', 'cent111'], env), {
    code: 2,
    stderr: 'error: cent111 is a control-node: a kube is asked this\n',
  });
  t.match(await show('neighbors', 'nobody'), {
    code: 1,
    stderr: 'error: no neighbor is called "nobody": there is none\n',
  });
  t.match(await show('routing-instances', 'red', '--json'), {
    code: 1,
    stdout: '',
    stderr: /^error: no routing instance is called "red": there are default-domain:/,
  });
  t.match(await show('routes', '--family', 'vpnv4'), { code: 2, stderr: /"vpnv4" is called inet-vpn here/ });
  t.match(await show('routes', '--limit', 'some'), {
    code: 2,
    stderr: 'error: "some" is not a number of routes\n',
  });
  t.match(await vaportrail(['why', 'foo'], env), { code: 2, stderr: /foo/ });
  t.match(await vaportrail(['why', '10.1.0.5/33'], env), { code: 2, stderr: /the length must be 0–32/ });
  const why = (...args: string[]) => vaportrail(['why', '192.0.2.1/32', ...args], env);
  t.match(await why(), {
    code: 1,
    stdout: /cent111 \(control-node\)\n {2}has no route to it/,
    stderr: 'no route to 192.0.2.1/32 at cent111\n',
  });
  const unknown = await why('--vrf', 'k8s-test', '--json');
  t.match(unknown, { code: 1, stderr: 'no route to 192.0.2.1/32 in k8s-test at cent111\n' });
  t.match(JSON.parse(unknown.stdout), { daemons: [{ name: 'cent111', tables: [] }] });
  // One whose process is there and whose views are not.
  const takeBack = announceEndpoint(
    { kind: 'control-node', name: 'mute', url: 'http://127.255.255.254:8083' },
    join(env.XDG_RUNTIME_DIR, 'vaportrail'),
  );
  t.match(await show('tables'), {
    code: 1,
    stdout: /^cent111 \(control-node\)\n.*bgp\.l3vpn\.0/s,
    stderr: 'error: mute: http://127.255.255.254:8083: connection refused: no daemon serves views there\n',
  });
  takeBack();
  child.kill('SIGTERM');
  t.same(await once(child, 'exit'), [0, null]);
  t.match(await show('neighbors'), { code: 1, stderr: /no control-node .* runs here; start one/ });
});

t.test('a daemon that cannot listen says where, with exit code 1', async (t) => {
  const text = controlNodeFile.replace('127.0.0.1, port: 0', '192.0.2.1, port: 5269');
  const file = join(t.testdir({ 'node.yaml': text }), 'node.yaml');
  t.match(await vaportrail(['control-node', '-c', file]), { code: 1, stderr: /192\.0\.2\.1/ });
  t.match(await vaportrail(['control-node', '-c', file, '--check']), {
    code: 0,
    stdout: /configuration is good/,
  });
});

t.test('SIGHUP reads the configuration again, and a bad one changes nothing', async (t) => {
  const { child, env, file, logged } = await running(t);
  const reread = async (instance: string, outcome: string): Promise<void> => {
    await writeFile(
      file,
      `${controlNodeFile}routing-instances: [{ name: '${instance}', route-targets: ['64512:1'] }]\n`,
    );
    child.kill('SIGHUP');
    await logged(outcome);
    t.match(await vaportrail(['show', 'routing-instances'], env), { stdout: /d:p:red:red +64512:1/ });
  };
  await reread('d:p:red:red', 'configuration read again');
  await reread('d:p:red', 'the new configuration is not used');
});
