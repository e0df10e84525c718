/**
 * FRR with zebra and a named VRF, where the kernel has no VRF devices: `zebra -n` takes network namespaces for VRFs. It
 * would take all of the machine's, so it lives in a mount namespace of its own whose /run/netns is empty. A second
 * namespace in there, at the other end of a cable, is for the control node and its agents.
 */
import {
  DaemonProcess,
  removeFolder,
  run,
  temporaryFolder,
  thisNetwork,
  writeConfig,
  type Place,
} from '@vaportrail/lab';
import { existsSync } from 'node:fs';

export interface FrrWithZebraSettings {
  readonly asn: number;
  readonly vrf: string;
  readonly routeTargets: readonly string[];
  /** Addresses with length at both ends of the cable: the control node's and FRR's. */
  readonly controlNode: string;
  readonly gateway: string;
}

export class FrrWithZebra {
  /** Where the control node and its agents run. */
  readonly fabric: Place;
  readonly #folder: string;
  readonly #daemons: readonly DaemonProcess[];

  private constructor(folder: string, fabric: Place, daemons: readonly DaemonProcess[]) {
    this.#folder = folder;
    this.fabric = fabric;
    this.#daemons = daemons;
  }

  static unavailable(): string | false {
    if (process.getuid?.() !== 0) return 'zebra with VRFs needs root';
    if (!existsSync('/usr/lib/frr/zebra'))
      return 'FRR is not installed (Debian, Ubuntu: apt-get install frr)';
    return false;
  }

  static async start(settings: FrrWithZebraSettings): Promise<FrrWithZebra> {
    const folder = await temporaryFolder('zebra');
    // zebra changes to the user frr and insists on its group.
    await run(thisNetwork, ['chown', 'frr:frr', folder]);
    const holder = new DaemonProcess('unshare', [
      'unshare',
      '-mn',
      '--propagation',
      'private',
      'sleep',
      'infinity',
    ]);
    const inside = ['nsenter', '-t', String(holder.pid), '-m', '-n'];
    const gateway: Place = { name: 'gateway', command: (command) => [...inside, ...command] };
    const fabric: Place = {
      name: 'fabric',
      command: (command) => [...inside, 'ip', 'netns', 'exec', 'fabric', ...command],
    };
    const daemons = [holder];
    const frr = new FrrWithZebra(folder, fabric, daemons);
    try {
      await holder.answers(async () => {
        const own = await run(thisNetwork, ['readlink', `/proc/${holder.pid}/ns/net`, '/proc/self/ns/net']);
        return new Set(own.trim().split('\n')).size === 2 ? true : undefined;
      });
      await cable(gateway, settings);
      for (const [name, text] of Object.entries(configs(settings))) await writeConfig(folder, name, text);
      const common = ['-z', `${folder}/zserv.api`, '--vty_socket', folder, '-P', '0', '--log', 'stdout'];
      for (const [name, ...args] of [
        ['zebra', '-n'],
        ['bgpd', '-p', '179'],
      ] as const) {
        const files = ['-f', `${folder}/${name}.conf`, '-i', `${folder}/${name}.pid`];
        const daemon = new DaemonProcess(
          name,
          [`/usr/lib/frr/${name}`, ...args, ...common, ...files],
          gateway,
        );
        daemons.push(daemon);
        await daemon.answers(async () => (existsSync(`${folder}/${name}.vty`) ? true : undefined));
      }
      return frr;
    } catch (error) {
      await frr.stop();
      throw error;
    }
  }

  /** Gives the fabric's end of the cable a further address. */
  async addFabricAddress(address: string): Promise<void> {
    await run(this.fabric, ['ip', 'addr', 'add', `${address}/32`, 'dev', 'fabric0']);
  }

  async vtysh(command: string): Promise<string> {
    return run(thisNetwork, [
      'vtysh',
      '--config_dir',
      this.#folder,
      '--vty_socket',
      this.#folder,
      '-c',
      command,
    ]);
  }

  async json(command: string): Promise<unknown> {
    return JSON.parse(await this.vtysh(`${command} json`));
  }

  /** The namespaces go with the process that holds them. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons.toReversed()) await daemon.stop();
    await removeFolder(this.#folder);
  }
}

async function cable(
  gateway: Place,
  { vrf, controlNode, gateway: address }: FrrWithZebraSettings,
): Promise<void> {
  const ip = (words: string): Promise<string> => run(gateway, ['ip', ...words.split(' ')]);
  await run(gateway, ['mount', '-t', 'tmpfs', 'tmpfs', '/run/netns']).catch(async () => {
    await run(gateway, ['mkdir', '-p', '/run/netns']);
    await run(gateway, ['mount', '-t', 'tmpfs', 'tmpfs', '/run/netns']);
  });
  await ip('link set lo up');
  for (const name of [vrf, 'fabric']) {
    await ip(`netns add ${name}`);
    await ip(`-n ${name} link set lo up`);
  }
  await ip('link add gw0 type veth peer name fabric0 netns fabric');
  await ip(`addr add ${address} dev gw0`);
  await ip('link set gw0 up');
  await ip(`-n fabric addr add ${controlNode} dev fabric0`);
  await ip('-n fabric link set fabric0 up');
}

/**
 * Without `set l3vpn next-hop encapsulation gre` an imported path is invalid: with zebra connected, FRR wants a labelled
 * way to the next hop.
 */
function configs({
  asn,
  vrf,
  routeTargets,
  controlNode,
  gateway,
}: FrrWithZebraSettings): Record<string, string> {
  const [neighbor, routerId] = [controlNode, gateway].map((each) => each.split('/')[0]);
  return {
    'vtysh.conf': '',
    'zebra.conf': '',
    'bgpd.conf': `frr version 8.4.4
frr defaults traditional
router bgp ${asn}
 bgp router-id ${routerId}
 no bgp default ipv4-unicast
 neighbor ${neighbor} remote-as ${asn}
 neighbor ${neighbor} passive
 !
 address-family ipv4 vpn
  neighbor ${neighbor} activate
  neighbor ${neighbor} route-map TUNNEL in
 exit-address-family
!
router bgp ${asn} vrf ${vrf}
 bgp router-id ${routerId}
 no bgp default ipv4-unicast
 !
 address-family ipv4 unicast
  rd vpn export ${routerId}:500
  rt vpn both ${routeTargets.join(' ')}
  import vpn
 exit-address-family
!
route-map TUNNEL permit 10
 set l3vpn next-hop encapsulation gre
!
`,
  };
}
