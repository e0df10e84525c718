/** A control node for tests: a BGP session over a real socket that announces what the lab's control node announced. */
import { Listener, Session } from '@vaportrail/bgp';
import { decodeUpdate, encodeUpdate, type UpdateRoute } from '@vaportrail/bgp/wire';
import { ipv4Text, parseIpv4 } from '@vaportrail/net';
import { setTimeout as sleep } from 'node:timers/promises';

export const AS = 60100;
export const floatingIp = '101.101.101.252/32';

/** One copy of a route, from the compute node whose address is the next hop. */
export interface Copy {
  readonly prefix?: string;
  readonly nextHop: string;
  readonly rd?: string;
  readonly label: number;
  readonly localPref?: number;
  readonly med?: number;
  readonly target?: string;
  /** One sequence; empty unless given. */
  readonly asPath?: readonly number[];
}

/** The communities of the lab beside the route target. */
const communities = [
  'target:64512:8000016',
  'encapsulation:gre',
  'encapsulation:udp',
  'security-group:60100:8000007',
  'origin-vn:60100:11',
  'tag:60100:65536',
  'tag:60100:16711684',
  'tag:60100:16908294',
  'tag:60100:16973825',
];

export class ControlNode {
  readonly address: string;
  readonly #listener = new Listener();
  readonly session: Session;
  port = 0;
  /** Routes it was told, latest state by route distinguisher and prefix. */
  readonly told = new Map<string, UpdateRoute>();
  /** Memberships of the route target table it was told. */
  readonly memberships = new Set<string>();

  constructor(
    routerId = '10.169.25.19',
    families: ('inet-vpn' | 'inet6-vpn' | 'route-target')[] = ['inet-vpn'],
    address = '127.0.0.1',
  ) {
    this.address = address;
    this.session = new Session(
      {
        local: { asn: AS, routerId: parseIpv4(routerId) },
        peer: { address: '127.0.0.1', asn: 'any', passive: true },
        families,
        // Tests move the clock of the gateway by hours.
        holdTime: 0,
        idleHold: { initial: 0.1, longest: 0.1 },
      },
      {
        established: () => {},
        down: () => {},
        routeRefresh: () => {},
        update: (bytes, start, end) => this.#hear(bytes, start, end),
      },
    );
  }

  async start(): Promise<this> {
    ({ port: this.port } = await this.#listener.listen({ address: this.address, port: 0 }));
    this.#listener.add(this.session);
    this.session.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.session.stop();
    await this.#listener.close();
  }

  async established(): Promise<void> {
    await until(() => this.session.state === 'Established', 'the session comes up');
  }

  announce(copy: Copy): void {
    const { prefix = floatingIp, nextHop, rd = `${nextHop}:9`, label, target = '500:500' } = copy;
    const v6 = prefix.includes(':');
    const route = {
      op: 'announce' as const,
      afi: v6 ? 2 : 1,
      safi: 128,
      pathId: null,
      rd,
      prefix,
      labels: [label],
      nextHop: v6 ? `::ffff:${nextHop}` : nextHop,
    };
    const attributes = {
      origin: 'incomplete' as const,
      asPath: copy.asPath ?? [],
      med: copy.med ?? 100,
      localPref: copy.localPref ?? 200,
      extendedCommunities: [`target:${target}`, ...communities],
    };
    this.session.write([encodeUpdate({ routes: [route], attributes })]);
  }

  withdraw({
    prefix = floatingIp,
    nextHop,
    rd = `${nextHop}:9`,
  }: Pick<Copy, 'prefix' | 'nextHop' | 'rd'>): void {
    const route = {
      op: 'withdraw' as const,
      afi: prefix.includes(':') ? 2 : 1,
      safi: 128,
      pathId: null,
      rd,
      prefix,
    };
    this.session.write([encodeUpdate({ routes: [route] })]);
  }

  #hear(bytes: Uint8Array, start: number, end: number): void {
    const { routes } = decodeUpdate(bytes, start, end, { asn4: true, internal: true, addPath: () => false });
    for (const route of routes) {
      const fields = route as UpdateRoute & { rd?: string; prefix?: string };
      if (route.safi === 132) {
        if (route.op === 'announce') this.memberships.add(fields.prefix ?? '');
        else this.memberships.delete(fields.prefix ?? '');
        continue;
      }
      const key = `${fields.rd ?? ''}:${fields.prefix ?? ''}`;
      if (route.op === 'announce') this.told.set(key, route);
      else this.told.delete(key);
    }
  }
}

/** Waits for something to hold. @throws Error saying what did not come about */
export async function until(holds: () => boolean, what: string, milliseconds = 5000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(5);
  }
}

/** `10.169.25.0` counted up, for prefixes that only fill a table. */
export function counted(base: string, n: number): string {
  return `${ipv4Text(parseIpv4(base) + n)}/32`;
}
