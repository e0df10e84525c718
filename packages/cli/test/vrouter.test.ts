import t from 'tap';
import { Agent } from '@vaportrail/agent';
import { outcome } from '../src/outcome.ts';
import { program } from '../src/program.ts';
const PODS = 'default-domain:demo:pods:pods';

const agent = Agent.from({
  name: 'cent222',
  address: '10.169.25.20',
  // Nobody listens there: the tables of a node are there without a session too.
  'control-nodes': [{ address: '127.0.0.1', port: 1 }],
  vrfs: [{ name: PODS, 'instance-id': 2, subnets: ['10.32.0.0/12'] }],
  interfaces: [
    {
      name: 'tapeth0-304431',
      vrf: PODS,
      address: '10.47.255.236',
      label: 43,
      index: 8,
      mac: '02:30:51:c0:fc:9e',
    },
    { name: 'tapeth0-5a04d8', vrf: PODS, address: ['10.47.255.237', 'fd00::237'], index: 9 },
  ],
  introspect: {},
});
await agent.start();
t.teardown(() => agent.stop());

/** Runs a command in this process: its answer, or what it ends with. */
async function vaportrail(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { write } = process.stdout;
  let stdout = '';
  process.stdout.write = (chunk: string | Uint8Array) => {
    stdout += chunk.toString();
    return true;
  };
  try {
    await (await program(args)).parseAsync([...args, '--from', agent.url!], { from: 'user' });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { code, message } = outcome(error);
    return { code, stdout, stderr: message };
  } finally {
    process.stdout.write = write;
  }
}

t.test('nh prints next hops', async (t) => {
  const { nextHop } = agent.interfaces.get('tapeth0-304431')!;
  const { stdout } = await vaportrail('nh', '--get', String(nextHop!.id));
  t.match(stdout, /^Id:\d+ +Type:Encap +Fmly: AF_INET {2}Rid:0 {2}Ref_cnt:\d+ +Vrf:2\n/);
  t.match(stdout, 'Encap Data: 02 30 51 c0 fc 9e 00 00 5e 00 01 00 08 00');
  t.match((await vaportrail('nh', '--list')).stdout, /Type:Drop[^]*Type:Receive[^]*Type:Encap/);
  t.match(await vaportrail('nh', '--get', '999'), { code: 1, stderr: /there is no next hop 999/ });
  t.match(await vaportrail('nh', '--get', 'all'), { code: 2, stderr: /"all" is not the id of a next hop/ });
  t.match(await vaportrail('nh'), { code: 2, stderr: /give --list or --get/ });
});

t.test('rt prints routes', async (t) => {
  const { stdout } = await vaportrail('rt', '--dump', '2');
  t.match(stdout, 'vRouter inet4 routing table 0/2/unicast\n');
  t.match(stdout, /^10\.32\.0\.0\/12 +12 +- +0 +-$/m);
  t.match(stdout, /^10\.47\.255\.236\/32 +32 +P +- +\d+ +-$/m);
  t.match((await vaportrail('rt', '--dump', PODS, '--family', 'inet6')).stdout, /^fd00::237\/128/m);
  t.match(
    (await vaportrail('rt', '--get', '10.47.255.237', '--vrf', '2')).stdout,
    /^10\.47\.255\.237\/32 +0 +P/m,
  );
  const json = JSON.parse((await vaportrail('rt', '--dump', '2', '--json')).stdout) as { routes: unknown[] };
  t.equal(json.routes.length, 3);
  t.match(await vaportrail('rt', '--get', '10.0.0.1', '--vrf', '2'), {
    code: 1,
    stderr: /has no route 10.0.0.1\/32/,
  });
  t.match(await vaportrail('rt', '--get', '10.0.0.1'), { code: 2, stderr: /--get needs --vrf/ });
  t.match(await vaportrail('rt', '--get', 'x', '--vrf', '2'), { code: 2 });
  t.match(await vaportrail('rt', '--dump', '77'), { code: 1, stderr: /cent222 has no VRF 77/ });
});

t.test('vif, mpls and flow print interfaces, labels and flows', async (t) => {
  t.match((await vaportrail('vif', '--get', '8')).stdout, /^vif0\/8 +OS: tapeth0-304431 NH: \d+\n/m);
  t.match((await vaportrail('vif', '--list')).stdout, /vif0\/0[^]*vif0\/1[^]*vif0\/2[^]*vif0\/8[^]*vif0\/9/);
  t.match(await vaportrail('vif', '--get', '77'), { code: 1, stderr: /no interface vif0\/77/ });
  t.match((await vaportrail('mpls', '--get', '43')).stdout, /^ {6}43 +\d+$/m);
  t.match((await vaportrail('mpls', '--dump')).stdout, /^ {6}16 +\d+\n {6}43 +\d+$/m);
  const packet = {
    source: '10.47.255.236',
    destination: '10.47.255.237',
    protocol: 17,
    sourcePort: 5000,
    destinationPort: 53,
    octets: 80,
  };
  agent.send('tapeth0-304431', packet);
  t.match(
    (await vaportrail('flow', '-l')).stdout,
    /10\.47\.255\.236:5000 +17 \(2\)\n +10\.47\.255\.237:53 *\n[^]*Stats:1\/80/,
  );
  t.match(
    (await vaportrail('flow', '--match', '10.47.255.237:53,10.47.255.236')).stdout,
    /10\.47\.255\.236:5000/,
  );
  t.notMatch((await vaportrail('flow', '--match', '10.47.255.237:54')).stdout, /10\.47\.255\.236:5000/);
  t.match(await vaportrail('flow', '--match', '10.47.255'), { code: 2, stderr: /--match: / });
});
