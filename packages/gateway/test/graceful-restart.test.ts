// A control node that restarts: what the gateway keeps of it, and until when.
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Listener, type LocalGracefulRestart, Session, endOfRib } from '@vaportrail/bgp';
import { encodeUpdate } from '@vaportrail/bgp/wire';
import { ManualClock, parseIpv4 } from '@vaportrail/net';
import t from 'tap';
import { gatewayConfig } from '../src/config.ts';
import { Gateway } from '../src/gateway.ts';
import { AS, until } from './control-node.ts';

type Test = Pick<typeof t, 'teardown'>;
type Family = 'inet-vpn' | 'inet6-vpn';
const both: readonly Family[] = ['inet-vpn', 'inet6-vpn'];

/** A session of the control node: one is lost without a word, and the next one may say other things of itself. */
class ControlNode {
  readonly session: Session;
  readonly #listener = new Listener();
  port = 0;

  constructor(gracefulRestart: LocalGracefulRestart | undefined) {
    this.session = new Session(
      {
        local: { asn: AS, routerId: parseIpv4('10.169.25.19') },
        peer: { address: '127.0.0.1', asn: 'any', passive: true },
        families: both,
        holdTime: 0,
        ...(gracefulRestart && { gracefulRestart }),
      },
      { established: () => {}, down: () => {}, routeRefresh: () => {}, update: () => {} },
    );
  }

  async start(): Promise<this> {
    ({ port: this.port } = await this.#listener.listen({ address: '127.0.0.1', port: 0 }));
    this.#listener.add(this.session);
    this.session.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.session.stop();
    await this.#listener.close();
  }

  announce(prefix: string): void {
    const isV6 = prefix.includes(':');
    const route = {
      op: 'announce' as const,
      afi: isV6 ? 2 : 1,
      safi: 128,
      pathId: null,
      rd: '10.169.25.20:9',
      prefix,
      labels: [43],
      nextHop: isV6 ? '::ffff:10.169.25.20' : '10.169.25.20',
    };
    const attributes = {
      origin: 'igp' as const,
      asPath: [],
      localPref: 100,
      extendedCommunities: ['target:500:500'],
    };
    this.session.write([encodeUpdate({ routes: [route], attributes })]);
  }

  ends(...families: readonly Family[]): void {
    this.session.write(families.map(endOfRib));
  }
}

/** A gateway whose way to its control node can be cut. */
async function stage(t: Test) {
  const clock = new ManualClock();
  const open = new Set<Socket>();
  let port = 0;
  const relay = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const peer = { address: '127.0.0.1', port: (relay.address() as AddressInfo).port, asn: AS };
  const gateway = new Gateway(
    gatewayConfig.parse({
      name: 'camaro',
      asn: AS,
      'router-id': '192.168.0.204',
      bgp: { peers: [{ ...peer, families: both, 'connect-retry': 1 }] },
      'dynamic-tunnels': [
        { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
      ],
      'tunnel-services': { pics: ['2/2/0'], 'hold-down': 0 },
      'routing-instances': [
        { name: 'red', 'route-distinguisher': '192.168.0.204:500', 'vrf-target': 'target:500:500' },
      ],
    }),
    { clock },
  );
  t.teardown(async () => {
    await gateway.stop();
    relay.close();
  });
  await gateway.start();
  const held = (): string =>
    ['red.inet.0', 'red.inet6.0']
      .flatMap((table) => gateway.routes({ table }))
      .map(({ prefix }) => prefix)
      .join();
  return {
    clock,
    cut: () => {
      for (const socket of open) socket.destroy();
      open.clear();
    },
    /** The control node comes (back), with this to say of restarts. */
    comes: async (gracefulRestart: LocalGracefulRestart | undefined): Promise<ControlNode> => {
      const node = await new ControlNode(gracefulRestart).start();
      t.teardown(() => node.stop());
      port = node.port;
      for (let i = 0; i < 100 && node.session.state !== 'Established'; i++) {
        clock.advance(1000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await until(() => gateway.neighbors()[0]?.state === 'Established', 'the session comes up');
      return node;
    },
    down: () => until(() => gateway.neighbors()[0]?.state !== 'Established', 'the session is lost'),
    holds: (prefixes: string) => until(() => held() === prefixes, `it holds ${prefixes}`),
  };
}

const says = (restartTime: number, ...families: readonly [Family, boolean][]): LocalGracefulRestart => ({
  restartTime,
  families: families.map(([family, forwarding]) => ({ family, forwarding })),
});
const saysBoth = says(600, ['inet-vpn', true], ['inet6-vpn', true]);

t.test('a control node that is back has what it sends again until its End-of-RIB, or a time', async (t) => {
  const { clock, comes, cut, down, holds } = await stage(t);
  const first = await comes(saysBoth);
  first.announce('10.0.0.0/24');
  first.announce('2001:db8::/32');
  await holds('10.0.0.0/24,2001:db8::/32');
  // The end of one family comes together with that of the session: it is the end of nothing.
  first.ends('inet-vpn');
  cut();
  await down();
  const second = await comes(saysBoth);
  second.announce('10.0.1.0/24');
  await holds('10.0.0.0/24,10.0.1.0/24,2001:db8::/32');
  second.ends('inet6-vpn');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await holds('10.0.0.0/24,10.0.1.0/24,2001:db8::/32');
  second.ends('inet-vpn');
  await holds('10.0.1.0/24');
  cut();
  await down();
  const third = await comes(saysBoth);
  third.announce('10.0.2.0/24');
  await holds('10.0.1.0/24,10.0.2.0/24');
  clock.advance(300_000);
  await holds('10.0.2.0/24');
});

t.test('one that comes back without a promise has nothing any more', async (t) => {
  const { comes, cut, down, holds } = await stage(t);
  const first = await comes(saysBoth);
  first.announce('10.0.0.0/24');
  first.announce('2001:db8::/32');
  await holds('10.0.0.0/24,2001:db8::/32');
  cut();
  await down();
  const second = await comes(says(600, ['inet-vpn', true], ['inet6-vpn', false]));
  await holds('10.0.0.0/24');
  second.announce('2001:db8::/32');
  await holds('10.0.0.0/24,2001:db8::/32');
  cut();
  await down();
  await comes(undefined);
  await holds('');
});

t.test('what it promises nothing for goes with its session', async (t) => {
  const { comes, cut, down, holds } = await stage(t);
  const first = await comes(says(600, ['inet-vpn', true]));
  first.announce('10.0.0.0/24');
  first.announce('2001:db8::/32');
  await holds('10.0.0.0/24,2001:db8::/32');
  cut();
  await down();
  await holds('10.0.0.0/24');
});

t.test('what it has not sent again when it is lost once more is not kept', async (t) => {
  const { comes, cut, down, holds } = await stage(t);
  const first = await comes(saysBoth);
  first.announce('10.0.0.0/24');
  await holds('10.0.0.0/24');
  cut();
  await down();
  const second = await comes(saysBoth);
  second.announce('10.0.1.0/24');
  await holds('10.0.0.0/24,10.0.1.0/24');
  cut();
  await down();
  await holds('10.0.1.0/24');
});
