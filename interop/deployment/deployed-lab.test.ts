// The lab of docker-compose.yml without containers: every router is a process with the command line and the file of its
// service, in one network namespace that has the addresses of the compose file.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DaemonProcess, Namespace, removeFolder, run, temporaryFolder } from '@vaportrail/lab';
import t from 'tap';
import { parse } from 'yaml';
import { floatingIp, missing, until } from '../running-lab.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface ComposeService {
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: { readonly fabric: { readonly ipv4_address: string } };
}

/** The command line of a service on this machine: programs and files where this machine has them. */
function commandLine({ entrypoint, command, volumes }: ComposeService): string[] {
  const [source, target] = volumes[0]!.split(':') as [string, string];
  const program = entrypoint ?? [process.execPath, `${root}packages/cli/bin/vaportrail.js`];
  return [...program, ...command].map((word) =>
    word === target ? `${root}${source.replace('./', '')}` : word,
  );
}

const skip = (await Namespace.unavailable()) ?? missing('frr', 'gobgp');

t.test('the containers, as processes: both paths reach FRR, GoBGP and the gateway', { skip }, async (t) => {
  const { services } = parse(readFileSync(`${root}docker-compose.yml`, 'utf8'), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  const namespace = await Namespace.create('compose');
  t.teardown(() => namespace.remove());
  const folder = await temporaryFolder('compose');
  t.teardown(() => removeFolder(folder));
  for (const [name, service] of Object.entries(services)) {
    await namespace.addAddress(service.networks.fabric.ipv4_address);
    // In one namespace the address tells the routers apart, and FRR needs a place for its socket.
    const address = service.networks.fabric.ipv4_address;
    const extra: Record<string, string[]> = {
      'camaro-frr': ['-l', address, '--vty_socket', folder, '-i', `${folder}/bgpd.pid`],
      'camaro-gobgp': ['--api-hosts', `${address}:50051`],
    };
    const command = [...commandLine(service), ...(extra[name] ?? [])];
    const daemon = new DaemonProcess(name, command, namespace);
    t.teardown(() => daemon.stop());
  }

  const vtysh = ['vtysh', '--config_dir', folder, '--vty_socket', folder, '-c'];
  const frr = await until(
    async () => {
      const output = await run(namespace, [...vtysh, `show bgp ipv4 unicast ${floatingIp} json`]).catch(
        () => '{}',
      );
      const { paths = [] } = JSON.parse(output) as { paths?: { multipath?: boolean; remoteLabel: number }[] };
      return paths;
    },
    (paths) => paths.length === 2 && paths.every(({ multipath }) => multipath === true),
    30_000,
  );
  t.same(frr.map(({ remoteLabel }) => remoteLabel).sort(), [28, 43]);

  const gobgp = await until(
    () => run(namespace, ['gobgp', '-u', '10.169.25.206', 'global', 'rib', '-a', 'vpnv4']).catch(() => ''),
    (text) => text.includes('10.169.25.20:9:101') && text.includes('10.169.25.21:5:101'),
    30_000,
  );
  t.match(gobgp, /\*> 10\.169\.25\.20:9:101\.101\.101\.252\/32 +\[43\]/);

  const show = commandLine({ ...services['camaro']!, command: ['show', 'vrf', 'k8s-test', floatingIp] });
  const gateway = await until(
    () => run(namespace, [...show, '--from', '10.169.25.204:8086', '--json']).catch(() => '[]'),
    (text) => text.includes('10.169.25.20') && text.includes('10.169.25.21'),
  );
  t.match(gateway, '"multipath":true');
});
