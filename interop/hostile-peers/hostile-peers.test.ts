// BGP peers that are slow, cut off, half gone, or say what nobody expects, beside an honest one: FRR, which is told everything, must
// not lose or be told anew any of the honest one's routes, and nothing of the others may be left.
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageStream, endOfRib } from '@vaportrail/bgp';
import {
  type AttributeFields,
  type Capability,
  type FamilyName,
  decodeUpdate,
  encodeAttributes,
  encodeOpen,
  families,
  frameMessage,
  messageType,
} from '@vaportrail/bgp/wire';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { Writer, parseHex, parseIpv4 } from '@vaportrail/net';
import type { Log, NeighborView } from '@vaportrail/show';
import t from 'tap';
import { missing } from '../running-lab.ts';

t.setTimeout(180_000);
const ASN = 64512;
const HONEST = Array.from({ length: 20 }, (_, i) => `198.51.100.${i + 1}/32`);
/** Announced when the storm rages. */
const LATE = '198.51.100.200/32';
const TABLE = 'inet.0';

const unicast = { afi: 1, safi: 1 };
const addPaths: Capability = { type: 'add-path', entries: [{ ...unicast, mode: 2 }] };
const restarts = (restartTime: number): Capability => ({
  type: 'graceful-restart',
  restarting: false,
  notification: false,
  restartTime,
  families: [{ ...unicast, forwarding: true }],
});

/** Where paths have identifiers a prefix is written `ID PREFIX`. */
function nlri(prefixes: readonly string[]): Uint8Array {
  const writer = new Writer();
  for (const text of prefixes) {
    const [prefix, id] = text.split(' ').toReversed();
    if (id !== undefined) writer.u32(Number(id));
    families.inet.encode(writer, { prefix }, false);
  }
  return writer.finish();
}

/** Attributes that no other path of the same prefix is worse with. */
const attributes = (more: AttributeFields = {}): Uint8Array =>
  encodeAttributes({ origin: 'igp', asPath: [], nextHop: parseIpv4('192.0.2.1'), localPref: 50, ...more });

function update(
  announced: readonly string[],
  withdrawn: readonly string[] = [],
  encoded = attributes(),
): Uint8Array {
  const body = new Writer();
  body.length16((writer) => writer.bytes(nlri(withdrawn))).length16((writer) => writer.bytes(encoded));
  return frameMessage(messageType.update, body.bytes(nlri(announced)).finish());
}

/** An UPDATE of exactly so many octets: as many routes as there is room for, and an attribute that nobody knows. */
function filled(octets: number): { message: Uint8Array; prefixes: string[] } {
  const room = octets - update([]).length - 4;
  const prefixes = Array.from(
    { length: Math.floor((room - 300) / 5) },
    (_, i) => `10.20.${i >>> 8}.${i & 255}/32`,
  );
  const unknown = new Writer()
    .u8(0xd0)
    .u8(99)
    .u16(room - prefixes.length * 5);
  unknown.bytes(new Uint8Array(room - prefixes.length * 5));
  return { message: update(prefixes, [], Buffer.concat([attributes(), unknown.finish()])), prefixes };
}

const segments = (count: number, length: number) =>
  Array.from({ length: count }, (_, i) => ({
    type: 'sequence' as const,
    asns: Array.from({ length }, (_, j) => 4_200_000_000 + i * length + j),
  }));

/** A peer that does by hand what it is told to. */
class Stranger {
  readonly #socket: Socket;
  /** What it has been told, by prefix: MED. */
  readonly told = new Map<string, unknown>();
  octets = 0;
  isClosed = false;
  #isWelcome = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const stream = new MessageStream((type, bytes, start, end) => {
      this.octets += end - start;
      if (type === messageType.keepalive) this.#isWelcome = true;
      if (type !== messageType.update) return true;
      const { routes, attributes } = decodeUpdate(bytes, start, end, {
        asn4: true,
        internal: true,
        addPath: () => false,
      });
      for (const { op, ...route } of routes) {
        const { prefix } = route as { prefix?: string };
        if (op === 'announce') this.told.set(prefix!, attributes.med);
        else this.told.delete(prefix!);
      }
      return true;
    });
    socket.on('data', (chunk) => stream.push(chunk));
    socket.on('error', () => {}).on('close', () => (this.isClosed = true));
  }

  /** Comes up, in however many attempts: who has failed is made to wait. */
  static async welcomed(
    localAddress: string,
    node: ControlNode,
    capabilities: readonly Capability[] = [],
    holdTime = 90,
  ): Promise<Stranger> {
    const { address: host, port } = node.bgpAddresses[0]!;
    for (let attempt = 0; attempt < 100; attempt++) {
      const socket = connect({ host, port, localAddress });
      const stranger = new Stranger(socket);
      const routerId = parseIpv4(localAddress);
      const all = [
        { type: 'multiprotocol', ...unicast },
        { type: 'route-refresh' },
        { type: 'enhanced-route-refresh' },
        { type: 'four-octet-as', asn: ASN },
        ...capabilities,
      ] as const;
      const open = encodeOpen({ type: 'open', asn: ASN, holdTime, routerId, capabilities: all });
      stranger.send(frameMessage(messageType.open, open));
      stranger.send(frameMessage(messageType.keepalive, new Uint8Array(0)));
      while (!stranger.#isWelcome && !stranger.isClosed) await sleep(5);
      if (stranger.#isWelcome) return stranger;
      await sleep(100);
    }
    throw new Error(`${localAddress} is not let in`);
  }

  send(...messages: readonly Uint8Array[]): void {
    for (const message of messages) this.#socket.write(message);
  }

  /** Stops reading, and with `isDeaf` false goes on. */
  hears(isDeaf: boolean): void {
    if (isDeaf) this.#socket.pause();
    else this.#socket.resume();
  }

  end(how: 'fin' | 'reset' = 'fin'): void {
    if (how === 'fin') this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
}

async function until(what: string, holds: () => boolean, milliseconds = 20_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !holds(); await sleep(10))
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
}

t.test('FRR hears of nothing that strange peers do to themselves', { skip: missing('frr') }, async (t) => {
  const block = new LoopbackBlock();
  const [ours, witness, honest] = [block.take(), block.take(), block.take()];
  const strangers = Array.from({ length: 40 }, () => block.take());
  const identified = strangers.slice(0, 4);
  const frr = await Frr.start({
    asn: ASN,
    routerId: '10.0.0.2',
    address: witness,
    neighbors: [{ address: ours, asn: ASN, families: { 'ipv4 unicast': [] } }],
  });
  t.teardown(() => frr.stop());
  const inet: FamilyName = 'inet';
  const said: string[] = [];
  const note = (fields: object, message: string): void => {
    if (/inside this program|a handler failed/.test(message))
      said.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { debug: () => {}, info: note, warn: note, error: note, child: () => log };
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'reflector',
      asn: ASN,
      'router-id': '10.0.0.1',
      'cluster-id': '10.0.0.1',
      'graceful-restart': { enabled: true },
      bgp: {
        listen: [{ address: ours, port: 0 }],
        peers: [
          { address: witness, port: frr.port, 'local-address': ours, 'connect-retry': 1, families: [inet] },
          { address: honest, passive: true, families: [inet] },
          ...strangers.map((address) => ({
            address,
            passive: true,
            families: [inet],
            ...(identified.includes(address) && { 'add-path': { inet: 'receive' as const } }),
          })),
        ],
      },
      xmpp: { listen: { address: ours, port: 0 } },
    }),
    { log },
  );
  await node.start();
  t.teardown(() => node.stop());
  await frr.process.answers(async () => (await frr.established(ours)) || undefined);

  const paths = (prefix: string): number => node.routes({ table: TABLE, prefix })[0]?.paths.length ?? 0;
  const held = (): number => node.tables().find(({ name }) => name === TABLE)?.paths ?? 0;
  const neighbor = (address: string): NeighborView =>
    node.neighbors().find((one) => one.address === address)!;
  const pathsOf = (address: string): number => neighbor(address).paths ?? 0;
  const isUp = (address: string): boolean => neighbor(address).state === 'Established';
  const backlog = (address: string): number => neighbor(address).backlog;
  const free = strangers.slice(identified.length);
  const take = (): string => free.pop()!;

  const source = await Stranger.welcomed(honest, node);
  source.send(update(HONEST, [], attributes({ localPref: 200 })), endOfRib('inet'));
  /** When FRR was last told of a route, in seconds. */
  const seen = async (prefix: string): Promise<number | undefined> => {
    const view = (await frr.json(`show bgp ipv4 unicast ${prefix}`)) as {
      paths?: { lastUpdate: { epoch: number } }[];
    };
    return view.paths?.[0]?.lastUpdate.epoch;
  };
  const seenAll = async (): Promise<(number | undefined)[]> => {
    const all = [];
    for (const prefix of HONEST) all.push(await seen(prefix));
    return all;
  };
  await frr.process.answers(async () => ((await seen(HONEST.at(-1)!)) === undefined ? undefined : true));
  const before = await seenAll();
  t.notOk(before.includes(undefined));
  // FRR tells seconds, give or take one.
  await sleep(3000);

  const [halfGone, slow] = [take(), take()];
  const half = await Stranger.welcomed(halfGone, node, [], 3);
  half.send(update(['10.1.0.0/24']));
  half.hears(true);
  const sleeper = await Stranger.welcomed(slow, node);
  await until('the sleeper is told what there is', () => sleeper.told.size >= HONEST.length);
  sleeper.hears(true);

  await t.test('a reset in the middle of an UPDATE', async (t) => {
    const address = take();
    for (let i = 0; i < 5; i++) {
      const stranger = await Stranger.welcomed(address, node);
      const message = update(['10.2.0.0/24', HONEST[0]!]);
      stranger.send(message);
      await until('it is there', () => pathsOf(address) === 2);
      stranger.send(message.subarray(0, 20 + i * 10));
      await sleep(5);
      stranger.end('reset');
      await until('it has gone', () => pathsOf(address) === 0);
    }
    t.equal(paths('10.2.0.0/24'), 0);
  });

  await t.test('messages of 4096 and of 65535 octets', async (t) => {
    for (const [octets, capabilities] of [
      [4096, []],
      [65535, [{ type: 'extended-message' }]],
    ] as const) {
      const address = take();
      const stranger = await Stranger.welcomed(address, node, capabilities);
      const { message, prefixes } = filled(octets);
      t.equal(message.length, octets);
      stranger.send(message);
      await until(`${octets}`, () => pathsOf(address) === prefixes.length);
      stranger.end();
      await until('all have gone', () => pathsOf(address) === 0);
    }
  });

  await t.test('path identifiers that collide', async (t) => {
    const [address] = identified;
    const stranger = await Stranger.welcomed(address!, node, [addPaths]);
    const prefix = '10.3.0.0/24';
    stranger.send(
      update([`1 ${prefix}`, `1 ${prefix}`, `0 ${prefix}`, `4294967295 ${prefix}`, `1 10.3.1.0/24`]),
      update([`1 ${prefix}`], [], attributes({ med: 7 })),
    );
    await until('three paths', () => paths(prefix) === 3 && pathsOf(address!) === 4);
    stranger.send(update([], [`7 ${prefix}`, `1 ${prefix}`, `1 ${prefix}`], new Uint8Array(0)));
    await until('two paths', () => paths(prefix) === 2);
    t.ok(isUp(address!));
    stranger.end('reset');
    await until('none', () => pathsOf(address!) === 0);
  });

  await t.test('a route of many peers that each withdraws as it announces it', async (t) => {
    const crowd = await Promise.all(Array.from({ length: 12 }, () => Stranger.welcomed(take(), node)));
    const [one, other] = ['10.4.0.0/24', '10.4.1.0/24'];
    for (const stranger of crowd) stranger.send(update([one], [one]));
    await until('all have announced', () => paths(one) === crowd.length);
    for (const stranger of crowd)
      stranger.send(update([other], [one]), update([one], [other]), update([other, other], [one, one]));
    await until('the other one', () => paths(one) === 0 && paths(other) === crowd.length);
    for (const stranger of crowd) stranger.end('reset');
    await until('none', () => paths(other) === 0);
    t.equal(paths(one), 0);
  });

  await t.test('AS paths of 255 segments, and of segments of 255', async (t) => {
    const address = take();
    const stranger = await Stranger.welcomed(address, node);
    stranger.send(
      update(['10.5.0.0/24'], [], attributes({ asPath: segments(255, 1) })),
      update(['10.5.1.0/24'], [], attributes({ asPath: segments(3, 255) })),
    );
    await until('both', () => pathsOf(address) === 2);
    await frr.process.answers(async () => ((await seen('10.5.1.0/24')) === undefined ? undefined : true));
    t.ok(await frr.established(ours));
    stranger.end();
    await until('none', () => pathsOf(address) === 0);
  });

  await t.test('families that nobody knows, without and with routes, and ends of them', async (t) => {
    const address = take();
    const stranger = await Stranger.welcomed(address, node);
    const raw = (hex: string): Uint8Array => update([], [], Buffer.concat([attributes(), parseHex(hex)]));
    stranger.send(
      raw('800e05' + '0063090000'),
      raw('800e09' + '006309040a00000100'),
      raw('800e0b' + '006309040a0000010018ff'),
      raw('800f03' + '400447'),
      raw('800f05' + '400447ffff'),
      endOfRib('inet'),
      endOfRib('inet'),
      endOfRib('e-vpn'),
      update(['10.6.0.0/24']),
    );
    await until('what comes behind them', () => paths('10.6.0.0/24') === 1);
    t.ok(isUp(address));
    stranger.end();
  });

  await t.test('a storm of ROUTE-REFRESH', async (t) => {
    const address = take();
    const stranger = await Stranger.welcomed(address, node);
    await until('it is told what there is', () => stranger.told.size >= HONEST.length);
    const [before, begun] = [stranger.octets, Date.now()];
    const storm = Buffer.concat(
      Array.from({ length: 5000 }, (_, i) =>
        frameMessage(
          messageType.routeRefresh,
          // Requests, marks of a refresh of its own, and families and subtypes that nobody knows.
          parseHex(['00010001', '00010101', '00010201', '00630009', '00010901'][i % 5]!),
        ),
      ),
    );
    stranger.send(storm);
    source.send(update([LATE], [], attributes({ localPref: 200 })));
    await frr.process.answers(async () => ((await seen(LATE)) === undefined ? undefined : true));
    t.comment(`${stranger.octets - before} octets in ${Date.now() - begun} ms`);
    t.ok(Date.now() - begun < 5000, 'others are told meanwhile');
    t.ok(isUp(address));
    stranger.end();
  });

  await t.test('other capabilities after a restart, and no time for one', async (t) => {
    const [, address, hasty] = identified;
    const first = await Stranger.welcomed(address!, node, [addPaths, restarts(120)]);
    first.send(update(['1 10.7.0.0/24', '2 10.7.0.0/24', '1 10.7.1.0/24']));
    await until('three', () => pathsOf(address!) === 3);
    first.end('reset');
    await until('it is away', () => !isUp(address!));
    t.equal(paths('10.7.0.0/24'), 2, 'its paths are kept');
    const second = await Stranger.welcomed(address!, node, [restarts(120)]);
    second.send(update(['10.7.0.0/24']));
    await until('one', () => paths('10.7.0.0/24') === 1 && paths('10.7.1.0/24') === 0);
    second.end('reset');
    await until('it is away again', () => !isUp(address!));
    t.equal(paths('10.7.0.0/24'), 1);
    const third = await Stranger.welcomed(address!, node);
    await until('without the capability nothing is kept', () => paths('10.7.0.0/24') === 0);
    third.end();
    const one = await Stranger.welcomed(hasty!, node, [restarts(0)]);
    one.send(update(['10.7.2.0/24']));
    await until('it is there', () => pathsOf(hasty!) === 1);
    one.end('reset');
    await until('it has gone', () => pathsOf(hasty!) === 0);
  });

  await t.test('a session that flaps all the time', async (t) => {
    const address = take();
    const prefixes = Array.from({ length: 50 }, (_, i) => `10.8.${i}.0/24`);
    const end = Date.now() + 4000;
    let flaps = 0;
    for (; Date.now() < end; flaps++) {
      const stranger = await Stranger.welcomed(address, node);
      stranger.send(update([...prefixes, ...HONEST]));
      await sleep(50);
      stranger.end(flaps % 2 === 0 ? 'reset' : 'fin');
      await sleep(50);
    }
    t.comment(`${flaps} flaps`);
    await until('nothing is left', () => pathsOf(address) === 0);
  });

  await t.test('one that does not read is told the latest, and no more waits for it than that', async (t) => {
    const churner = await Stranger.welcomed(take(), node);
    const prefixes = Array.from({ length: 5000 }, (_, i) => `10.100.${i >>> 5}.${(i & 31) * 8}/29`);
    const chunks = Array.from({ length: 200 }, (_, i) => prefixes.slice(i * 25, i * 25 + 25));
    const last = prefixes.at(-1)!;
    // More than the kernel takes for somebody who does not read.
    const communities = Array.from({ length: 900 }, (_, i) => i);
    const rounds = 30;
    let most = 0;
    for (let med = 1; med <= rounds; med++) {
      const encoded = attributes({ med, communities });
      for (const chunk of chunks) churner.send(update(chunk, [], encoded));
      const medOf = () => node.routes({ table: TABLE, prefix: last })[0]?.paths[0]?.med;
      await until('the churn is read', () => medOf() === med);
      most = Math.max(most, backlog(slow));
    }
    for (const chunk of chunks.slice(100)) churner.send(update([], chunk, new Uint8Array(0)));
    await until('half of it has gone', () => paths(last) === 0);
    t.ok(most > 2 ** 18 && most < 2 ** 22, `${most} octets wait for it at most`);
    sleeper.hears(false);
    const expected = new Map([...HONEST, LATE].map((prefix): [string, unknown] => [prefix, undefined]));
    for (const prefix of prefixes.slice(0, 2500)) expected.set(prefix, rounds);
    await until('it has caught up', () => backlog(slow) === 0 && sleeper.told.size === expected.size);
    t.same([...sleeper.told].sort(), [...expected].sort());
    churner.end('reset');
    sleeper.end();
  });

  await until('who is half gone has gone', () => !isUp(halfGone) && pathsOf(halfGone) === 0);
  await until('nothing of the strangers is left', () => held() === HONEST.length + 1);
  await frr.process.answers(async () => {
    const { routes } = (await frr.json('show bgp ipv4 unicast')) as { routes: Record<string, unknown> };
    return Object.keys(routes).sort().join() === [...HONEST, LATE].sort().join() ? true : undefined;
  });
  const later = (await seenAll()).map((epoch, i) => epoch! - before[i]!);
  t.ok(
    later.every((seconds) => Math.abs(seconds) <= 1),
    `FRR was told each honest route once: ${later.join()}`,
  );
  const { [ours]: session } = (await frr.json(`show bgp neighbors ${ours}`)) as Record<
    string,
    { connectionsEstablished: number; connectionsDropped: number }
  >;
  t.match(session, { connectionsEstablished: 1, connectionsDropped: 0 });
  t.notOk(source.isClosed, 'the honest session is up');
  t.same(said, [], 'no error inside the program');
  source.end();
});
