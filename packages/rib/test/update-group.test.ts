import {
  type AttributeFields,
  aigpMetric,
  decodeUpdate,
  encodeAttributes,
  wellKnownCommunity,
} from '@vaportrail/bgp/wire';
import {
  addressText,
  ipv4Bytes,
  parseAddress,
  parseIpv4,
  parsePrefix,
  parseRouteDistinguisher,
} from '@vaportrail/net';
import t from 'tap';
import {
  type Announcement,
  Rib,
  type Source,
  type SourceOptions,
  type Table,
  type UpdateGroupOptions,
  type UpdateMember,
} from '../src/index.ts';

const OWN_AS = 64512;
let next = 0;

/** A peer that notes what it is told. */
class Listener implements UpdateMember {
  readonly source: Source;
  readonly filterByRouteTarget = false;
  /** It takes path identifiers, and is told them. */
  readonly takesPaths: boolean;
  backlog = 0;
  told: string[] = [];
  octets: Uint8Array[] = [];
  largest = 0;
  synchronisations = 0;

  constructor(rib: Rib, options: Partial<SourceOptions> = {}, takesPaths = false) {
    const id = ++next;
    this.takesPaths = takesPaths;
    this.source = rib.addSource({
      name: `peer ${id}`,
      protocol: 'bgp',
      address: ipv4Bytes(0x0a09_0000 + id),
      routerId: 0x0a09_0000 + id,
      asn: OWN_AS,
      internal: true,
      ...options,
    });
  }

  send(buffers: Uint8Array[]): void {
    this.octets.push(...buffers);
    for (const bytes of buffers) {
      for (let at = 0; at < bytes.length;) {
        const length = (bytes[at + 16]! << 8) | bytes[at + 17]!;
        this.largest = Math.max(this.largest, length);
        const context = {
          asn4: this.source.asn4,
          internal: this.source.internal,
          addPath: () => this.takesPaths,
        };
        const { routes, problems, attributes } = decodeUpdate(bytes, at, at + length, context);
        if (problems.length > 0) throw new Error(problems[0]!.because);
        for (const route of routes) {
          const detail = route.op === 'withdraw' ? '' : ` ${route.nextHop} ${attributesText(attributes)}`;
          const id = this.takesPaths ? ` #${route.pathId}` : '';
          this.told.push(`${route.op === 'withdraw' ? '-' : '+'}${String(route['prefix'])}${id}${detail}`);
        }
        at += length;
      }
    }
  }

  synchronised(): void {
    this.synchronisations++;
  }

  take(): string[] {
    return this.told.splice(0);
  }
}

function attributesText(attributes: Record<string, unknown>): string {
  return Object.entries(attributes)
    .filter(([name]) => name !== 'nextHop')
    .map(
      ([name, value]) =>
        `${name}=${JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : (part as unknown)))}`,
    )
    .join(' ');
}

interface Stage {
  readonly rib: Rib;
  readonly table: Table;
  announce(source: Source, prefix: string, fields?: AttributeFields, more?: Partial<Announcement>): void;
  withdraw(source: Source, prefix: string): void;
}

function stage(clusterId?: number): Stage {
  const rib = new Rib({ asn: OWN_AS, routerId: parseIpv4('10.0.0.1'), clusterId });
  const table = rib.createTable({ name: 'inet.0', family: 'inet', main: true });
  return {
    rib,
    table,
    announce(source, prefix, fields = {}, more = {}) {
      const attributes = encodeAttributes(
        { origin: 'igp', asPath: [], localPref: 100, ...fields },
        { asn4: source.asn4 },
      );
      table.announce(
        source,
        { prefix: parsePrefix(prefix) },
        { attributes, nextHop: parseAddress('10.1.1.1'), ...more },
      );
    },
    withdraw: (source, prefix) => table.withdraw(source, { prefix: parsePrefix(prefix) }),
  };
}

const internal = (table: Table): UpdateGroupOptions => ({ table, internal: true });
const external = (table: Table): UpdateGroupOptions => ({ table, internal: false });

t.test('peers of one kind share a group and the very same buffers', async (t) => {
  const { rib, table, announce } = stage();
  const group = rib.updateGroup(internal(table));
  t.equal(rib.updateGroup(internal(table)), group);
  t.not(rib.updateGroup(external(table)), group);
  const [a, b] = [new Listener(rib), new Listener(rib)];
  group.join(a);
  group.join(b);
  announce(rib.addSource({ name: 'us', protocol: 'local' }), '10.0.0.0/24');
  rib.settle();
  t.same(a.take(), ['+10.0.0.0/24 10.1.1.1 origin="igp" asPath=[] localPref=100']);
  t.equal(a.octets[0], b.octets[0]);
  t.equal(group.messages, 1);
});

t.test('nobody is told his own routes, nor what became of them when another is best', async (t) => {
  const { rib, table, announce, withdraw } = stage(7);
  const group = rib.updateGroup(internal(table));
  const [a, b, c] = [
    new Listener(rib, { client: true }),
    new Listener(rib, { client: true }),
    new Listener(rib, { client: true }),
  ];
  for (const peer of [a, b, c]) group.join(peer);
  announce(a.source, '10.0.0.0/24', { localPref: 200 });
  rib.settle();
  t.same(
    [a, b, c].map((peer) => peer.take().length),
    [0, 1, 1],
  );
  announce(b.source, '10.0.0.0/24', { localPref: 300 });
  rib.settle();
  t.match(a.take(), ['+10.0.0.0/24']);
  t.same(b.take(), ['-10.0.0.0/24'], 'its own is best now: what it was told before is withdrawn');
  t.match(c.take(), ['+10.0.0.0/24']);
  withdraw(b.source, '10.0.0.0/24');
  rib.settle();
  t.same(a.take(), ['-10.0.0.0/24']);
  t.match(b.take(), ['+10.0.0.0/24']);
});

t.test('a route is not told to a peer that supplied any path of it, if the group says so', async (t) => {
  const { rib, table, announce } = stage(7);
  const group = rib.updateGroup({ ...internal(table), sparesSuppliers: true });
  const [a, b] = [new Listener(rib, { client: true }), new Listener(rib, { client: true })];
  group.join(a);
  group.join(b);
  announce(a.source, '10.0.0.0/24', { localPref: 200 });
  rib.settle();
  t.match(b.take(), ['+10.0.0.0/24']);
  announce(b.source, '10.0.0.0/24', { localPref: 50 });
  rib.settle();
  t.same(b.take(), ['-10.0.0.0/24']);
  t.match(rib.advertised(table, { prefix: parsePrefix('10.0.0.0/24') }), [
    { to: a.source, told: false, because: 'it is its own path' },
    { to: b.source, told: false, because: 'it supplied a path of the route itself' },
  ]);
});

t.test('a peer that takes several paths is told each with an identifier that stays', async (t) => {
  const { rib, table, announce, withdraw } = stage(7);
  const group = rib.updateGroup({ ...internal(table), sparesSuppliers: true, paths: Infinity });
  const client = { client: true };
  const [a, b, c] = [
    new Listener(rib, client, true),
    new Listener(rib, client, true),
    new Listener(rib, client, true),
  ];
  for (const peer of [a, b, c]) group.join(peer);
  announce(a.source, '10.0.0.0/24', { med: 1 });
  announce(b.source, '10.0.0.0/24', { med: 2 });
  rib.settle();
  const heard = c.take();
  t.match(heard, [/^\+10.0.0.0\/24 #\d+ .*med=/, /^\+10.0.0.0\/24 #\d+ .*med=/]);
  const idOf = (med: number): string =>
    / (#\d+) /.exec(heard.find((text) => text.includes(`med=${med} `))!)![1]!;
  t.not(idOf(1), idOf(2));
  t.match(a.take(), [/med=2/], 'nobody is told his own');
  t.match(b.take(), [/med=1/]);
  announce(b.source, '10.0.0.0/24', { med: 3, localPref: 300 });
  rib.settle();
  t.match(
    c.take(),
    [new RegExp(`^\\+10.0.0.0/24 ${idOf(2)} .*med=3`)],
    'only what changed, under its identifier',
  );
  t.same(b.take(), []);
  a.take();
  const nlri = { prefix: parsePrefix('10.0.0.0/24') };
  t.match(
    rib.advertised(table, nlri).find(({ to }) => to === a.source),
    {
      told: true,
      paths: [
        { told: true, pathId: Number(idOf(2).slice(1)) },
        { told: false, because: 'it is its own path' },
      ],
    },
  );
  withdraw(a.source, '10.0.0.0/24');
  rib.settle();
  t.same(c.take(), [`-10.0.0.0/24 ${idOf(1)}`]);
  t.same(b.take(), [`-10.0.0.0/24 ${idOf(1)}`]);
  t.same(a.take(), []);
  withdraw(b.source, '10.0.0.0/24');
  rib.settle();
  t.same(c.take(), [`-10.0.0.0/24 ${idOf(2)}`]);
  t.equal(rib.statistics().paths, 0);
});

t.test('a peer that takes the best two is told the next one when one of them goes', async (t) => {
  const { rib, table, announce, withdraw } = stage(7);
  const group = rib.updateGroup({ ...internal(table), paths: 2 });
  const from = [1, 2, 3, 4].map(() => new Listener(rib, { client: true }).source);
  from.forEach((source, i) => announce(source, '10.0.0.0/24', { localPref: 100 + i }));
  const peer = new Listener(rib, { client: true }, true);
  group.join(peer);
  rib.settle();
  t.match(peer.take(), [/localPref=103/, /localPref=102/]);
  const [answer] = rib.advertised(table, { prefix: parsePrefix('10.0.0.0/24') });
  t.same(answer!.paths!.filter(({ told }) => told).length, 2);
  t.match(
    answer!.paths!.filter(({ told }) => !told),
    Array(2).fill({ because: 'it is told the best 2 only' }),
  );
  withdraw(from[3]!, '10.0.0.0/24');
  rib.settle();
  t.match(peer.take(), [/^-10.0.0.0\/24 #\d+$/, /localPref=101/]);
});

t.test(
  'a slow peer that takes several paths is told the latest of each, a refresh tells all again',
  async (t) => {
    const { rib, table, announce, withdraw } = stage(7);
    const group = rib.updateGroup({ ...internal(table), paths: Infinity });
    const [a, b] = [new Listener(rib, { client: true }), new Listener(rib, { client: true })];
    const [quick, slow] = [new Listener(rib, {}, true), new Listener(rib, {}, true)];
    group.join(quick);
    const membership = group.join(slow);
    announce(a.source, '10.0.0.0/24');
    announce(b.source, '10.0.0.0/24');
    rib.settle();
    quick.take();
    slow.take();
    slow.backlog = 1e9;
    for (const med of [1, 2, 3]) {
      announce(a.source, '10.0.0.0/24', { med });
      rib.settle();
    }
    withdraw(b.source, '10.0.0.0/24');
    rib.settle();
    t.match(quick.take(), [/med=1/, /med=2/, /med=3/, /^-/]);
    slow.backlog = 0;
    membership.ready();
    rib.settle();
    t.match(slow.take(), [/^-/, /med=3/]);
    announce(b.source, '10.0.0.0/24', { med: 9 });
    rib.settle();
    slow.take();
    quick.take();
    let finished = false;
    // A change of one path on the way must not keep the others from being told again.
    announce(b.source, '10.0.0.0/24', { med: 10 });
    membership.refresh(() => {
      finished = true;
    });
    rib.settle();
    t.ok(finished);
    t.match([...new Set(slow.take())].sort(), [/med=3/, /med=10/]);
    t.match(quick.take(), [/med=10/]);
  },
);

t.test('IBGP routes go on only by way of a reflector, which marks them', async (t) => {
  for (const clusterId of [undefined, parseIpv4('10.0.0.9')]) {
    const { rib, table, announce } = stage(clusterId);
    const group = rib.updateGroup(internal(table));
    const [client, other] = [new Listener(rib, { client: true }), new Listener(rib)];
    const from = new Listener(rib, { routerId: parseIpv4('7.7.7.7') });
    group.join(client);
    group.join(other);
    announce(from.source, '10.0.0.0/24', { clusterList: [parseIpv4('1.2.3.4')] });
    rib.settle();
    t.same(other.take(), [], 'between two that are not clients nothing is reflected');
    t.same(
      client.take(),
      clusterId === undefined
        ? []
        : [
            '+10.0.0.0/24 10.1.1.1 origin="igp" asPath=[] localPref=100 originatorId="7.7.7.7" clusterList=["10.0.0.9","1.2.3.4"]',
          ],
    );
    const [because] = rib
      .advertised(table, { prefix: parsePrefix('10.0.0.0/24') })
      .map((answer) => answer.because);
    t.equal(
      because,
      clusterId === undefined
        ? 'it came from a peer of our own AS and this router is no route reflector'
        : undefined,
    );
  }
});

t.test('an accumulated metric goes to our own AS, and to others where it was agreed on', async (t) => {
  const { rib, table, announce } = stage();
  announce(rib.addSource({ name: 'us', protocol: 'local' }), '10.0.0.0/24', { aigp: aigpMetric(5n) });
  const told = (options: UpdateGroupOptions): boolean => {
    const peer = new Listener(rib, options.internal ? {} : { asn: 65001, internal: false });
    rib.updateGroup(options).join(peer);
    rib.settle();
    return peer.take()[0]!.includes('aigp=');
  };
  t.ok(told(internal(table)));
  t.notOk(told({ ...internal(table), aigp: false }));
  t.notOk(told(external(table)));
  t.ok(told({ ...external(table), aigp: true }));
  t.notOk(told({ ...internal(table), nextHopSelf: parseAddress('10.0.0.1') }), 'its value would be wrong');
});

t.test(
  'a route marked for customers goes to nobody else, and is marked where it goes down or across',
  async (t) => {
    const roles = ['provider', 'routeServer', 'peer', 'customer', 'routeServerClient'] as const;
    const told = (mark: number | undefined): string[] => {
      const { rib, table, announce } = stage();
      const us = rib.addSource({ name: 'us', protocol: 'local' });
      announce(us, '10.0.0.0/24', mark === undefined ? {} : { onlyToCustomer: mark });
      return roles.map((peerRole) => {
        const peer = new Listener(rib, { asn: 65001, internal: false });
        rib.updateGroup({ ...external(table), peerRole }).join(peer);
        rib.settle();
        const [text = ''] = peer.take();
        return text === '' ? 'nothing' : (/onlyToCustomer=(\d+)/.exec(text)?.[1] ?? 'unmarked');
      });
    };
    t.same(told(undefined), ['unmarked', 'unmarked', `${OWN_AS}`, `${OWN_AS}`, `${OWN_AS}`]);
    t.same(told(65009), ['nothing', 'nothing', 'nothing', '65009', '65009']);
    const { rib, table, announce } = stage();
    announce(rib.addSource({ name: 'us', protocol: 'local' }), '10.0.0.0/24', { onlyToCustomer: 1 });
    rib
      .updateGroup({ ...external(table), peerRole: 'provider' })
      .join(new Listener(rib, { asn: 65001, internal: false }));
    rib.settle();
    t.match(rib.advertised(table, { prefix: parsePrefix('10.0.0.0/24') }), [
      { told: false, because: 'it carries ONLY_TO_CUSTOMER and the peer is a provider' },
    ]);
  },
);

t.test('another AS gets our AS number in front and nothing of what is internal', async (t) => {
  const { rib, table, announce } = stage();
  const ebgp = (asn: number): Partial<SourceOptions> => ({ asn, internal: false });
  const peer = new Listener(rib, ebgp(65001));
  const inPath = new Listener(rib, ebgp(65002));
  const group = rib.updateGroup(external(table));
  group.join(peer);
  group.join(inPath);
  const from = new Listener(rib);
  announce(from.source, '10.0.1.0/24', {
    asPath: [{ type: 'sequence', asns: [65002] }],
    med: 9,
    originatorId: 5,
    clusterList: [1],
  });
  announce(from.source, '10.0.2.0/24', { med: 200 });
  announce(from.source, '10.0.3.0/24', { communities: [wellKnownCommunity['no-export']] });
  announce(from.source, '10.0.4.0/24', { asPath: [{ type: 'set', asns: [65009] }] });
  rib.settle();
  t.same(peer.take().sort(), [
    '+10.0.1.0/24 10.1.1.1 origin="igp" asPath=[64512,65002]',
    '+10.0.2.0/24 10.1.1.1 origin="igp" asPath=[64512] med=200',
    '+10.0.4.0/24 10.1.1.1 origin="igp" asPath=[64512,{"set":[65009]}]',
  ]);
  t.same(
    inPath
      .take()
      .map((text) => text.split(' ')[0])
      .sort(),
    ['+10.0.2.0/24', '+10.0.4.0/24'],
  );
});

t.test('a peer of two-octet AS numbers is told with AS_TRANS and AS4_PATH, and understood', async (t) => {
  const { rib, table, announce } = stage();
  const old = new Listener(rib, { asn: 65001, internal: false, asn4: false });
  rib.updateGroup({ ...external(table), asn4: false }).join(old);
  announce(new Listener(rib).source, '10.0.0.0/24', { asPath: [{ type: 'sequence', asns: [100_000] }] });
  rib.settle();
  t.match(old.take()[0], /asPath=\[64512,100000\] as4Path=\[64512,100000\]/);
  announce(old.source, '10.0.1.0/24', { asPath: [{ type: 'sequence', asns: [65001] }] });
  const modern = new Listener(rib);
  rib.updateGroup(internal(table)).join(modern);
  rib.settle();
  t.match(modern.take(), [/asPath=\[65001\]/]);
});

t.test('the next hop becomes ours where the group says so', async (t) => {
  const { rib, table, announce } = stage();
  const peer = new Listener(rib);
  rib.updateGroup({ ...internal(table), nextHopSelf: ipv4Bytes(parseIpv4('192.0.2.1')) }).join(peer);
  announce(rib.addSource({ name: 'us', protocol: 'local' }), '10.0.0.0/24');
  rib.settle();
  t.match(peer.take(), [/ 192\.0\.2\.1 /]);
});

t.test('export policy rewrites or keeps back, and what was told before is withdrawn', async (t) => {
  const { rib, table, announce } = stage();
  const us = rib.addSource({ name: 'us', protocol: 'local' });
  const peer = new Listener(rib);
  const exportPolicy: NonNullable<UpdateGroupOptions['exportPolicy']> = ({ attributes }, encoded) =>
    attributes.med === 13 ? undefined : encoded;
  rib.updateGroup({ ...internal(table), exportPolicy }).join(peer);
  announce(us, '10.0.0.0/24');
  rib.settle();
  t.match(peer.take(), ['+10.0.0.0/24']);
  announce(us, '10.0.0.0/24', { med: 13 });
  rib.settle();
  t.same(peer.take(), ['-10.0.0.0/24']);
});

t.test('messages are filled to the length negotiated, withdrawals too', async (t) => {
  for (const [extendedMessage, longest] of [
    [false, 4096],
    [true, 65_535],
  ] as const) {
    const { rib, table, announce, withdraw } = stage();
    const us = rib.addSource({ name: 'us', protocol: 'local' });
    const peer = new Listener(rib);
    const group = rib.updateGroup({ ...internal(table), extendedMessage });
    group.join(peer);
    const prefixes = Array.from({ length: 20_000 }, (_, i) => `10.${i >>> 8}.${i & 255}.0/24`);
    for (const prefix of prefixes) announce(us, prefix);
    rib.settle();
    t.equal(new Set(peer.take()).size, prefixes.length);
    t.ok(peer.largest <= longest && peer.largest > longest * 0.9, `${peer.largest} octets`);
    const announced = group.messages;
    for (const prefix of prefixes) withdraw(us, prefix);
    rib.settle();
    t.equal(peer.take().length, prefixes.length);
    t.ok(group.messages - announced <= announced, 'few messages withdraw many routes');
  }
});

t.test('attributes that fill a message make a route unsendable, not the session', async (t) => {
  const { rib, table, announce } = stage();
  const us = rib.addSource({ name: 'us', protocol: 'local' });
  const peer = new Listener(rib);
  rib.updateGroup(internal(table)).join(peer);
  announce(us, '10.0.0.0/24');
  rib.settle();
  peer.take();
  announce(us, '10.0.0.0/24', { communities: Array.from({ length: 1100 }, (_, i) => i) });
  announce(us, '10.0.1.0/24');
  rib.settle();
  t.same(
    peer
      .take()
      .map((text) => text.split(' ')[0])
      .sort(),
    ['+10.0.1.0/24', '-10.0.0.0/24'],
  );
});

t.test(
  'a peer whose queue is full waits alone, and then hears the latest state of each route once',
  async (t) => {
    const { rib, table, announce, withdraw } = stage();
    const us = rib.addSource({ name: 'us', protocol: 'local' });
    const [fast, slow] = [new Listener(rib), new Listener(rib)];
    const group = rib.updateGroup(internal(table));
    group.join(fast);
    const membership = group.join(slow);
    rib.settle();
    slow.backlog = 10_000_000;
    for (let med = 1; med <= 50; med++) {
      announce(us, '10.0.0.0/24', { med });
      announce(us, '10.0.1.0/24', { med });
      rib.settle();
    }
    announce(us, '10.0.2.0/24');
    rib.settle();
    withdraw(us, '10.0.2.0/24');
    withdraw(us, '10.0.1.0/24');
    rib.settle();
    t.equal(fast.take().length, 103);
    t.same(slow.take(), []);
    slow.backlog = 0;
    membership.ready();
    rib.settle();
    t.same(slow.take(), ['+10.0.0.0/24 10.1.1.1 origin="igp" asPath=[] med=50 localPref=100']);
    announce(us, '10.0.3.0/24');
    rib.settle();
    t.equal(fast.octets.at(-1), slow.octets.at(-1), 'and travels with the others again');
  },
);

t.test(
  'who joins late and who asks again is told the whole table in slices, and then that it was all',
  async (t) => {
    const { rib, table, announce } = stage();
    const us = rib.addSource({ name: 'us', protocol: 'local' });
    for (let i = 0; i < 3000; i++) announce(us, `10.${i >>> 8}.${i & 255}.0/24`);
    rib.settle();
    const late = new Listener(rib);
    const membership = rib.updateGroup(internal(table)).join(late);
    rib.drain(500);
    t.equal(late.synchronisations, 0);
    announce(us, '10.0.0.0/24', { med: 5 });
    rib.settle();
    t.equal(late.synchronisations, 1);
    const told = late.take();
    t.equal(new Set(told.map((text) => text.split(' ')[0])).size, 3000);
    t.match(told.filter((text) => text.startsWith('+10.0.0.0/24')).at(-1), /med=5/);
    membership.refresh();
    rib.settle();
    t.equal(late.take().length, 3000);
    membership.leave();
    announce(us, '10.0.0.0/24', { med: 6 });
    rib.settle();
    t.same(late.take(), []);
  },
);

t.test('long-lived stale paths are told as such, or as a last resort', async (t) => {
  const { rib, table, announce } = stage(7);
  const from = new Listener(rib, { client: true });
  const [knows, other] = [new Listener(rib), new Listener(rib)];
  rib.updateGroup({ ...internal(table), longLived: true }).join(knows);
  rib.updateGroup(internal(table)).join(other);
  announce(from.source, '10.0.0.0/24', { communities: [1] });
  announce(from.source, '10.0.1.0/24', { communities: [wellKnownCommunity['no-llgr']] });
  rib.settle();
  knows.take();
  other.take();
  from.source.markStale();
  rib.settle();
  t.same([...knows.take(), ...other.take()], [], 'stale alone changes nothing for others');
  from.source.markLongLived();
  rib.settle();
  t.match(knows.take(), [
    '-10.0.1.0/24',
    /^\+10\.0\.0\.0\/24 .*localPref=100 communities=\["0:1","llgr-stale"\]/,
  ]);
  t.match(other.take(), [
    '-10.0.1.0/24',
    /^\+10\.0\.0\.0\/24 .*localPref=0 communities=\["0:1","no-export"\]/,
  ]);
  announce(from.source, '10.0.0.0/24', { communities: [1] });
  rib.settle();
  t.match(other.take(), [/localPref=100 communities=\["0:1"\]/], 'announced again it is as good as before');
  from.source.sweep();
  rib.settle();
  t.same(other.take(), []);
});

t.test('long-lived stale paths go to no other AS that does not know them', async (t) => {
  const { rib, table, announce } = stage();
  const from = new Listener(rib);
  const knows = new Listener(rib, { asn: 65001, internal: false });
  const other = new Listener(rib, { asn: 65002, internal: false });
  rib.updateGroup({ table, internal: false, longLived: true }).join(knows);
  rib.updateGroup({ table, internal: false }).join(other);
  announce(from.source, '10.0.0.0/24');
  rib.settle();
  knows.take();
  t.match(other.take(), [/^\+10\.0\.0\.0\/24/]);
  from.source.markStale();
  from.source.markLongLived();
  rib.settle();
  t.match(knows.take(), [/^\+10\.0\.0\.0\/24 .*llgr-stale/]);
  t.same(other.take(), ['-10.0.0.0/24']);
});

t.test('a refresh says when it is over, and is no second beginning', async (t) => {
  const { rib, table, announce } = stage(7);
  const from = new Listener(rib, { client: true });
  const asks = new Listener(rib);
  const membership = rib.updateGroup(internal(table)).join(asks);
  announce(from.source, '10.0.0.0/24');
  announce(from.source, '10.0.1.0/24');
  rib.settle();
  asks.take();
  const toldBy: number[] = [];
  membership.refresh(() => toldBy.push(asks.take().length));
  rib.settle();
  t.same(toldBy, [2], 'after the routes');
  t.equal(asks.synchronisations, 1);
});

t.test('an observer hears all that a member has been told, and the member nothing again', async (t) => {
  const { rib, table, announce, withdraw } = stage(7);
  const group = rib.updateGroup({ ...internal(table), sparesSuppliers: true });
  const [a, b] = [new Listener(rib, { client: true }), new Listener(rib, { client: true })];
  group.join(a);
  const membership = group.join(b);
  announce(a.source, '10.0.0.0/24');
  announce(a.source, '10.0.1.0/24', { localPref: 200 });
  announce(b.source, '10.0.1.0/24', { localPref: 50 });
  announce(b.source, '10.0.2.0/24');
  rib.settle();
  const told = b.take();
  t.match(told, ['+10.0.0.0/24'], 'and none that it supplied');

  const station = new Listener(rib);
  const observation = membership.observe(station);
  rib.settle();
  t.same(station.take(), told);
  t.equal(station.synchronisations, 1);
  t.same(b.take(), []);
  const prefix = parsePrefix('10.0.0.0/24');
  t.same(
    rib.advertised(table, { prefix }).map(({ to }) => to),
    [a.source, b.source],
    'nobody takes it for a peer',
  );
  withdraw(a.source, '10.0.0.0/24');
  announce(b.source, '10.0.0.0/24');
  rib.settle();
  t.same(station.take(), ['-10.0.0.0/24'], 'its routes are kept from whoever observes it, too');
  t.same(b.take(), ['-10.0.0.0/24']);

  observation.leave();
  observation.leave();
  announce(a.source, '10.0.3.0/24');
  rib.settle();
  t.same(station.take(), []);
  t.match(b.take(), ['+10.0.3.0/24']);
});

t.test('an observation ends with the member', async (t) => {
  const { rib, table, announce } = stage();
  const group = rib.updateGroup(internal(table));
  const [a, station] = [new Listener(rib), new Listener(rib)];
  const membership = group.join(a);
  membership.observe(station);
  membership.leave();
  t.equal(group.size, 0);
  membership.observe(station);
  t.equal(group.size, 0, 'nor does one begin');
  announce(rib.addSource({ name: 'us', protocol: 'local' }), '10.0.0.0/24');
  rib.settle();
  t.same(station.take(), []);
});

t.test('a family is swept without the others', async (t) => {
  const rib = new Rib({ asn: OWN_AS, routerId: 1, clusterId: 1 });
  const tables = (['inet', 'inet6'] as const).map((family) =>
    rib.createTable({ name: `${family}.0`, family, main: true }),
  );
  const from = new Listener(rib);
  const prefixes = ['10.0.0.0/24', '10.0.1.0/24'].map((text) => ({ prefix: parsePrefix(text) }));
  const announcement = {
    attributes: encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 }),
    nextHop: ipv4Bytes(parseIpv4('10.9.9.9')),
  };
  for (const nlri of prefixes) tables[0]!.announce(from.source, nlri, announcement);
  const wide = { prefix: parsePrefix('2001:db8::/32') };
  tables[1]!.announce(from.source, wide, { ...announcement, nextHop: parseAddress('2001:db8::1') });
  rib.settle();
  from.source.markStale('inet');
  tables[0]!.announce(from.source, prefixes[1]!, announcement);
  from.source.sweep('inet');
  rib.settle();
  t.same(
    [...tables[0]!.routes()].map(({ text }) => text),
    ['10.0.1.0/24'],
    'what was not announced between the markers is gone',
  );
  t.equal(tables[1]!.summary().stalePaths, 0);
  t.equal([...tables[1]!.routes()].length, 1);
});

t.test('VPN routes carry label, route distinguisher and a next hop of the right length', async (t) => {
  const rib = new Rib({ asn: OWN_AS, routerId: 1 });
  const us = rib.addSource({ name: 'us', protocol: 'local' });
  const attributes = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 });
  for (const [family, prefix, nextHop] of [
    ['inet-vpn', '10.1.2.0/23', '10.1.1.1'],
    ['inet6-vpn', '2001:db8::/33', '10.1.1.1'],
    ['inet6-vpn', '2001:db8:8000::/33', '2001:db8::1'],
    ['inet6', '2001:db8::/32', '2001:db8::1'],
  ] as const) {
    const table = rib.table(family) ?? rib.createTable({ name: family, family });
    const peer = new Listener(rib);
    const membership = rib.updateGroup(internal(table)).join(peer);
    const routeDistinguisher = family === 'inet6' ? undefined : parseRouteDistinguisher('1.1.1.1:5');
    table.announce(
      us,
      { prefix: parsePrefix(prefix), routeDistinguisher },
      { attributes, nextHop: parseAddress(nextHop), label: 77 },
    );
    rib.settle();
    const bytes = peer.octets.at(-1)!;
    const context = { asn4: true, internal: true, addPath: () => false };
    const route = decodeUpdate(bytes, 0, bytes.length, context).routes.find(
      (other) => other['prefix'] === prefix,
    )!;
    const mapped = nextHop.includes(':') || family === 'inet-vpn' ? nextHop : `::ffff:${nextHop}`;
    t.equal(route.nextHop, mapped);
    if (routeDistinguisher !== undefined) t.match(route, { rd: '1.1.1.1:5', labels: [77] });
    membership.leave();
    t.equal(addressText(parseAddress(nextHop)), nextHop);
  }
});

t.test('who is told several paths may leave while it is told, and be the last', async (t) => {
  const { rib, table, announce } = stage(7);
  const group = rib.updateGroup({ ...internal(table), paths: Infinity });
  const from = [1, 2, 3].map(() => new Listener(rib, { client: true }).source);
  // More paths than are encoded in one go, so that it leaves between two paths of a destination.
  for (let i = 0; i < 6000; i++) for (const source of from) announce(source, `10.${i >>> 8}.${i & 255}.0/24`);
  rib.settle();
  const source = rib.addSource({ name: 'leaver', protocol: 'bgp', internal: true });
  let isToLeave = false;
  const membership = group.join({
    source,
    backlog: 0,
    filterByRouteTarget: false,
    send: () => isToLeave && membership.leave(),
  });
  rib.settle();
  t.equal(group.size, 1);
  isToLeave = true;
  membership.refresh();
  rib.settle();
  t.equal(group.size, 0);
  const next = new Listener(rib, {}, true);
  group.join(next);
  rib.settle();
  t.equal(next.take().length, 18_000);
});
