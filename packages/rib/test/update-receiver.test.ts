import {
  type AttributeFields,
  type FamilyName,
  type VpnPrefixNlri,
  aigpMetric,
  encodeAttributes,
  families,
  frameMessage,
  messageType,
} from '@vaportrail/bgp/wire';
import { Writer, ipv4Bytes, parseIpv4, parsePrefix } from '@vaportrail/net';
import fc from 'fast-check';
import t from 'tap';
import { Rib, type Role, type Source, type SourceOptions, type Table } from '../src/index.ts';

const attributes = (fields: AttributeFields = {}): Uint8Array =>
  encodeAttributes({ origin: 'igp', asPath: [], localPref: 100, nextHop: parseIpv4('10.1.1.1'), ...fields });

/** An UPDATE with classic fields. */
function update(
  prefixes: readonly string[],
  encoded: Uint8Array,
  withdrawn: readonly string[] = [],
): Uint8Array {
  const nlri = (list: readonly string[]): Uint8Array => {
    const writer = new Writer();
    for (const prefix of list) families.inet.encode(writer, { prefix }, false);
    return writer.finish();
  };
  const gone = nlri(withdrawn);
  const body = new Writer();
  body.u16(gone.length).bytes(gone).u16(encoded.length).bytes(encoded).bytes(nlri(prefixes));
  return frameMessage(messageType.update, body.finish());
}

interface Receiving {
  readonly rib: Rib;
  readonly table: Table;
  readonly source: Source;
}

/** A rib with one table, and the peer whose routes go there. */
function receiving(family: FamilyName, options: Partial<SourceOptions> = {}): Receiving {
  const rib = new Rib({ asn: 64512, routerId: parseIpv4('10.0.0.1') });
  const table = rib.createTable({ name: `${family}.0`, family, main: true });
  const source = rib.addSource({
    name: 'peer',
    protocol: 'bgp',
    address: ipv4Bytes(1),
    routerId: 1,
    asn: 64512,
    internal: true,
    ...options,
  });
  return { rib, table, source };
}

function stage(options: Partial<SourceOptions> = {}): Receiving & { routes(): string[] } {
  const { rib, table, source } = receiving('inet', options);
  return {
    rib,
    table,
    source,
    routes: () =>
      [...table.routes()]
        .map(({ text, best, paths }) => `${text} ${best === undefined ? paths[0]!.because : 'ok'}`)
        .sort(),
  };
}

const hand = (source: Source, bytes: Uint8Array): readonly { approach: string }[] =>
  source.receiveUpdate(bytes, 0, bytes.length);

t.test('a route that is withdrawn and announced in one message is announced', async (t) => {
  const { source, routes } = stage();
  t.same(hand(source, update(['10.0.0.0/24', '10.0.1.0/24'], attributes(), ['10.0.0.0/24'])), []);
  t.same(routes(), ['10.0.0.0/24 ok', '10.0.1.0/24 ok']);
  t.same(hand(source, update([], new Uint8Array(0), ['10.0.0.0/24'])), []);
  t.same(routes(), ['10.0.1.0/24 ok']);
});

t.test('few routes of a read are passed on at once, what comes later in the turn together', async (t) => {
  const turns: (() => void)[] = [];
  const rib = new Rib({ asn: 64512, routerId: 1, clusterId: 1, schedule: (drain) => turns.push(drain) });
  const table = rib.createTable({ name: 'inet.0', family: 'inet', main: true });
  const [first, second, third] = [1, 2, 3].map((id) =>
    rib.addSource({
      name: `${id}`,
      protocol: 'bgp',
      address: ipv4Bytes(id),
      routerId: id,
      asn: 64512,
      internal: true,
      client: true,
    }),
  );
  let messages = 0;
  const send = (buffers: readonly Uint8Array[]): void => void (messages += buffers.length);
  rib
    .updateGroup({ table, internal: true })
    .join({ source: third!, backlog: 0, filterByRouteTarget: false, send });
  const turn = (): void => turns.splice(0).forEach((drain) => drain());
  turn();
  const read = (source: Source, ...prefixes: string[]): void => {
    hand(source, update(prefixes, attributes()));
    rib.readOver();
  };
  read(first!, '10.0.0.0/24');
  t.equal(messages, 1, 'a change is told before the event loop comes round');
  read(first!, '10.0.1.0/24');
  read(second!, '10.0.2.0/24');
  t.equal(messages, 1);
  turn();
  t.equal(messages, 2, 'and what came behind it in one piece');
  read(first!, ...Array.from({ length: 100 }, (_, i) => `10.1.${i}.0/24`));
  t.equal(messages, 2, 'many routes wait for the others');
  turn();
  t.equal(messages, 3);
});

t.test('host bits behind a prefix do not count', async (t) => {
  const { source, routes } = stage();
  const bytes = update(['10.0.0.0/12'], attributes());
  bytes[bytes.length - 1]! |= 0x0f;
  t.same(hand(source, bytes), []);
  t.same(routes(), ['10.0.0.0/12 ok']);
});

t.test('loops make paths infeasible and say which', async (t) => {
  for (const [fields, because] of [
    [{ asPath: [{ type: 'sequence', asns: [1, 64512] }] }, 'as-path-loop'],
    [{ asPath: [{ type: 'set', asns: [64512] }] }, 'as-path-loop'],
    [{ originatorId: parseIpv4('10.0.0.1') }, 'originator-id-loop'],
    [{ clusterList: [5, parseIpv4('10.0.0.1')] }, 'cluster-list-loop'],
  ] as const) {
    const { source, routes } = stage();
    t.same(hand(source, update(['10.0.0.0/24'], attributes(fields))), []);
    t.same(routes(), [`10.0.0.0/24 ${because}`]);
  }
});

t.test(
  'a route from below or beside that was meant for customers is a leak, one from above is marked',
  async (t) => {
    const outcome = (peerRole: Role, mark: number | undefined): string => {
      const { source, table } = stage({ internal: false, asn: 65001, peerRole });
      const fields = { localPref: undefined, asPath: [{ type: 'sequence', asns: [65001] }] } as const;
      const { localPref: _, ...external } = {
        ...fields,
        ...(mark !== undefined && { onlyToCustomer: mark }),
      };
      const encoded = encodeAttributes({ origin: 'igp', nextHop: parseIpv4('10.1.1.1'), ...external });
      t.same(hand(source, update(['10.0.0.0/24'], encoded)), []);
      const [path] = [...table.routes()][0]!.paths;
      return path!.because ?? String(path!.attributes.get('onlyToCustomer'));
    };
    t.equal(outcome('customer', undefined), 'undefined');
    t.equal(outcome('customer', 65001), 'route-leak');
    t.equal(outcome('routeServerClient', 65009), 'route-leak');
    t.equal(outcome('peer', 65001), '65001');
    t.equal(outcome('peer', 65009), 'route-leak');
    t.equal(outcome('peer', undefined), '65001');
    t.equal(outcome('provider', 65009), '65009');
    t.equal(outcome('provider', undefined), '65001');
    t.equal(outcome('routeServer', undefined), '65001');
  },
);

t.test('an accumulated metric counts where it was agreed on and is dropped elsewhere', async (t) => {
  const taken = (options: Partial<SourceOptions>): bigint | undefined => {
    const { source, table } = stage(options);
    const asPath = source.internal ? [] : ([{ type: 'sequence', asns: [source.asn] }] as const);
    const fields = { origin: 'igp', asPath, nextHop: parseIpv4('10.1.1.1'), aigp: aigpMetric(77n) } as const;
    const encoded = encodeAttributes(source.internal ? { ...fields, localPref: 100 } : fields);
    t.same(hand(source, update(['10.0.0.0/24'], encoded)), []);
    const best = [...table.routes()][0]!.best!;
    t.same(best.attributes.asPath, asPath, 'the other attributes stay');
    return best.attributes.get('aigp')?.metric;
  };
  t.equal(taken({}), 77n);
  t.equal(taken({ aigp: false }), undefined);
  t.equal(taken({ internal: false, asn: 65001 }), undefined);
  t.equal(taken({ internal: false, asn: 65001, aigp: true }), 77n);
});

t.test('sets that come to the same when an attribute is discarded are all given back', async (t) => {
  const { source, rib } = stage({ internal: false, asn: 65001 });
  // LOCAL_PREF has no meaning from another AS, whatever it says. @see RFC 7606 §7.5
  for (const localPref of [1, 2, 3]) {
    const encoded = attributes({ localPref, asPath: [{ type: 'sequence', asns: [65001] }] });
    hand(source, update([`10.0.${localPref}.0/24`], encoded));
  }
  rib.settle();
  rib.removeSource(source);
  rib.settle();
  t.match(rib.statistics(), { attributeSets: 0, sources: 0, paths: 0 });
});

t.test('malformed attributes withdraw what was there, again and again', async (t) => {
  const { source, routes } = stage();
  hand(source, update(['10.0.0.0/24'], attributes()));
  const broken = attributes();
  broken[3] = 9; // ORIGIN
  for (let i = 0; i < 2; i++) {
    t.match(hand(source, update(['10.0.0.0/24', '10.0.1.0/24'], broken)), [
      { approach: 'treat-as-withdraw', attribute: 'origin' },
    ]);
    t.same(routes(), []);
  }
  t.same(hand(source, update(['10.0.0.0/24'], attributes())), []);
  t.same(routes(), ['10.0.0.0/24 ok']);
});

t.test('an attribute to be discarded goes, its route stays', async (t) => {
  const { source, table } = stage({ internal: false, asn: 65001 });
  // LOCAL_PREF has no meaning from another AS. @see RFC 7606 §7.5
  const encoded = attributes({ asPath: [{ type: 'sequence', asns: [65001] }] });
  t.match(hand(source, update(['10.0.0.0/24'], encoded)), [
    { approach: 'attribute-discard', attribute: 'localPref' },
  ]);
  const [route] = table.routes();
  t.equal(route?.best?.attributes.localPref, undefined);
});

t.test('attributes that are missing withdraw; NLRI that cannot be read reset', async (t) => {
  const { source, routes } = stage();
  const without = encodeAttributes({ origin: 'igp', asPath: [], nextHop: 1 });
  t.match(hand(source, update(['10.0.0.0/24'], without)), [
    { approach: 'treat-as-withdraw', attribute: 'localPref' },
  ]);
  const bytes = update(['10.0.0.0/24'], attributes());
  bytes[bytes.length - 4] = 33;
  t.match(hand(source, bytes), [{ approach: 'session-reset' }]);
  t.same(routes(), []);
});

t.test('policy is asked once per attribute set', async (t) => {
  let asked = 0;
  const { source, table, rib } = stage({
    importPolicy: ({ attributes: { med } }) => {
      asked++;
      if (med === 1) return { action: 'reject' };
      if (med === 2) return { action: 'modify', attributes: attributes({ localPref: 777 }) };
      return { action: 'accept' };
    },
  });
  for (let i = 0; i < 3; i++) {
    hand(source, update([`10.0.${i}.0/24`], attributes({ med: 1 })));
    hand(source, update([`10.1.${i}.0/24`], attributes({ med: 2 })));
    hand(source, update([`10.2.${i}.0/24`], attributes({ med: 3 })));
    rib.settle();
  }
  t.equal(asked, 3);
  const seen = [...table.routes()].map(
    ({ paths: [path] }) => path!.because ?? String(path!.attributes.localPref),
  );
  t.same(
    seen.sort(),
    [100, 100, 100, 777, 777, 777, 'rejected-by-policy', 'rejected-by-policy', 'rejected-by-policy'].map(
      String,
    ),
  );
});

t.test('path identifiers tell paths of one peer apart', async (t) => {
  const { source, table } = stage({ addPath: ['inet'] });
  const message = (ids: readonly number[], gone: readonly number[]): Uint8Array => {
    const nlri = (list: readonly number[]): Uint8Array => {
      const writer = new Writer();
      for (const id of list) families.inet.encode(writer.u32(id), { prefix: '10.0.0.0/24' }, false);
      return writer.finish();
    };
    const body = new Writer();
    const encoded = ids.length === 0 ? new Uint8Array(0) : attributes();
    body.u16(nlri(gone).length).bytes(nlri(gone)).u16(encoded.length).bytes(encoded).bytes(nlri(ids));
    return frameMessage(messageType.update, body.finish());
  };
  t.same(hand(source, message([1, 0xffff_ffff], [])), []);
  t.same([...table.routes()][0]!.paths.map(({ pathId }) => pathId).sort(), [1, 0xffff_ffff]);
  t.same(hand(source, message([], [1])), []);
  t.same(
    [...table.routes()][0]!.paths.map(({ pathId }) => pathId),
    [0xffff_ffff],
  );
});

t.test('an End-of-RIB is told after what came before it', async (t) => {
  const heard: string[] = [];
  const { source, table, rib } = stage({
    endOfRib: (family) => heard.push(`${family} ${table.summary().routes}`),
  });
  hand(source, update(['10.0.0.0/24'], attributes()));
  hand(source, update([], new Uint8Array(0)));
  t.same(heard, []);
  rib.settle();
  t.same(heard, ['inet 1']);
});

t.test('whatever a peer sends ends in routes or in problems, never in an exception', async (t) => {
  const { source, rib } = stage({ addPath: ['inet6'] });
  for (const family of ['inet6', 'inet-vpn', 'inet6-vpn', 'route-target', 'e-vpn', 'inet-flow'] as const) {
    rib.createTable({ name: family, family, main: true });
  }
  const good = update(
    ['10.0.0.0/24', '10.0.1.0/25'],
    attributes({ med: 5, communities: [1, 2], extendedCommunities: new Uint8Array(8) }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 120 }),
      fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { maxLength: 4 }),
      (random, edits) => {
        const whole = frameMessage(messageType.update, random);
        source.receiveUpdate(whole, 0, whole.length);
        const bent = good.slice();
        for (const [at, octet] of edits) bent[19 + (at % (bent.length - 19))] = octet;
        source.receiveUpdate(bent, 0, bent.length);
        rib.drain();
      },
    ),
    { numRuns: 3000 },
  );
  rib.removeSource(source);
  rib.settle();
  t.match(rib.statistics(), { attributeSets: 0, paths: 0, routeTargets: 0, routeDistinguishers: 0 });
});

interface LabeledNlri {
  readonly labels: readonly number[];
  /** Of the first label field: traffic class and S bit. */
  readonly low: number;
  readonly rd: Uint8Array;
  readonly address: Uint8Array;
  readonly length: number;
}

const labeledNlri = (family: 'inet-labeled' | 'inet-vpn'): fc.Arbitrary<LabeledNlri> =>
  fc.record({
    labels: fc.array(fc.integer({ min: 0, max: 0xfffff }), { minLength: 1, maxLength: 4 }),
    low: fc.integer({ min: 0, max: 15 }),
    rd:
      family === 'inet-labeled'
        ? fc.constant(new Uint8Array(0))
        : fc
            .tuple(
              fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 0xffff })),
              fc.uint8Array({ minLength: 6, maxLength: 6 }),
            )
            .map(([type, rest]) => Uint8Array.from([type >> 8, type & 0xff, ...rest])),
    address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    length: fc.integer({ min: 0, max: 32 }),
  });

function octetsOf({ labels, low, rd, address, length }: LabeledNlri): Uint8Array {
  const writer = new Writer();
  writer.u8(labels.length * 24 + rd.length * 8 + length);
  labels.forEach((label, i) => {
    const last = i === labels.length - 1;
    writer.u24((label << 4) | (i === 0 && last ? low : last ? 1 : 0));
  });
  return writer
    .bytes(rd)
    .bytes(address.subarray(0, (length + 7) >>> 3))
    .finish();
}

for (const family of ['inet-labeled', 'inet-vpn'] as const) {
  t.test(
    `${family}: one label is taken whatever its S bit says, and what has several is withdrawn`,
    async (t) => {
      const { afi, safi, measure, decode } = families[family];
      /** Text of the route that the general decoder reads, and how many labels it sees; `undefined` if it is none. */
      const read = (nlri: Uint8Array): { text: string; labels: number } | undefined => {
        if (measure(nlri, 0, nlri.length, false) !== nlri.length) return undefined;
        const { rd, prefix, labels } = decode(nlri, 0, nlri.length, false, {}) as VpnPrefixNlri;
        return { text: rd === undefined ? prefix : `${rd}:${prefix}`, labels: labels!.length };
      };
      const isKnown = (rd: Uint8Array): boolean => rd.length === 0 || (rd[0] === 0 && rd[1]! <= 2);
      const seen = { taken: 0, withdrawn: 0, malformed: 0 };
      fc.assert(
        fc.property(labeledNlri(family), (route) => {
          const { table, source } = receiving(family);
          const nlri = octetsOf(route);
          // What the octets are to a speaker that ignores the S bit.
          const single = Uint8Array.from(nlri);
          single[3]! |= 1;
          const one = read(single);
          const behind = nlri.subarray(4, 4 + route.rd.length);
          const isOne = one?.labels === 1 && isKnown(behind);
          const stack = read(nlri);
          const body = new Writer();
          const reach = new Writer();
          reach.u16(afi).u8(safi);
          if (family === 'inet-vpn') reach.u8(12).u64(0n);
          else reach.u8(4);
          reach.u32(parseIpv4('10.1.1.1')).u8(0).bytes(nlri);
          const encoded = new Writer();
          encoded.bytes(encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 }));
          encoded.u8(0x90).u8(14).u16(reach.length).bytes(reach.finish());
          body.u16(0).u16(encoded.length).bytes(encoded.finish());
          const message = frameMessage(messageType.update, body.finish());
          const problems = hand(source, message).map(({ approach }) => approach);
          const routes = [...table.routes()].map(({ text }) => text);
          if (isOne || (one?.labels === 1 && (stack === undefined || stack.labels === 1))) {
            seen.taken++;
            return problems.length === 0 && routes.length === 1 && routes[0] === one.text;
          }
          if (stack !== undefined && stack.labels > 1) {
            seen.withdrawn++;
            return String(problems) === 'treat-as-withdraw' && routes.length === 0;
          }
          seen.malformed++;
          return String(problems) === 'afi-safi-disable' && routes.length === 0;
        }),
        { numRuns: 3000 },
      );
      t.ok(seen.taken > 100 && seen.withdrawn > 100, JSON.stringify(seen));
    },
  );
}

t.test('an End-of-RIB is nothing to a session that is lost before its turn comes', async (t) => {
  const heard: FamilyName[] = [];
  const { rib, source, routes } = stage({ endOfRib: (family) => heard.push(family) });
  const marker = update([], new Uint8Array(0));
  hand(source, update(['10.0.0.0/24'], attributes()));
  hand(source, marker);
  source.markStale();
  rib.settle();
  t.same(heard, []);
  t.same(routes(), ['10.0.0.0/24 ok']);
  hand(source, marker);
  source.markStale('inet6');
  rib.settle();
  t.same(heard, ['inet'], 'a peer that begins to send a family again is still there');
  hand(source, marker);
  rib.removeSource(source);
  rib.settle();
  t.same(heard, ['inet']);
});

t.test('what is said for a source that is gone does not concern the one that has its number', async (t) => {
  const { rib, source: before, routes } = stage();
  hand(before, update(['10.0.0.0/24'], attributes()));
  rib.settle();
  rib.removeSource(before);
  rib.settle();
  const after = rib.addSource({ name: 'after', protocol: 'bgp', asn: 64512, internal: true });
  t.equal(after.number, before.number);
  hand(after, update(['10.0.1.0/24'], attributes()));
  after.markStale();
  rib.settle();
  before.sweep();
  before.flush();
  rib.removeSource(before);
  rib.settle();
  t.same(routes(), ['10.0.1.0/24 ok']);
  t.same(rib.sources(), [after]);
});

t.test('all paths of one family go, and those of the others stay', async (t) => {
  const { rib, source, routes } = stage();
  const other = rib.createTable({ name: 'inet6.0', family: 'inet6', main: true });
  other.announce(
    source,
    { prefix: parsePrefix('2001:db8::/32') },
    { attributes: attributes(), nextHop: new Uint8Array(16) },
  );
  hand(source, update(['10.0.0.0/24'], attributes()));
  source.flush('inet6');
  rib.settle();
  t.same(routes(), ['10.0.0.0/24 ok']);
  t.equal(other.summary().paths, 0);
  source.flush('inet');
  rib.settle();
  t.same(routes(), []);
});

t.test('what is broken is no End-of-RIB', async (t) => {
  const heard: FamilyName[] = [];
  const { rib, source } = stage({ endOfRib: (family) => heard.push(family) });
  // The only attribute passes the end of the attributes.
  const overrun = frameMessage(messageType.update, Uint8Array.of(0, 0, 0, 3, 0x40, 1, 1));
  t.match(hand(source, overrun), [{ approach: 'session-reset' }]);
  // A length that passes the end of the message; what stood in the one before it means nothing.
  hand(source, update([], new Uint8Array(0)));
  rib.settle();
  t.same(heard, ['inet']);
  const broken = frameMessage(messageType.update, Uint8Array.of(0xff, 0xff, 0, 0));
  t.match(hand(source, broken), [{ approach: 'session-reset' }]);
  rib.settle();
  t.same(heard, ['inet']);
});

t.test('a peer has so many paths of a destination and no more', async (t) => {
  const { rib, source, table } = stage({ addPath: ['inet'] });
  const path = (...ids: readonly number[]): Uint8Array => {
    const body = new Writer();
    const encoded = attributes();
    body.u16(0).u16(encoded.length).bytes(encoded);
    for (const id of ids)
      body
        .u32(id)
        .u8(24)
        .bytes(Uint8Array.of(10, 0, 0));
    return frameMessage(messageType.update, body.finish());
  };
  const other = rib.addSource({ name: 'other', protocol: 'bgp', asn: 64512, internal: true });
  for (let id = 1; id <= 2000; id += 100)
    hand(source, path(...Array.from({ length: 100 }, (_, i) => id + i)));
  hand(other, update(['10.0.0.0/24'], attributes({ med: 3 })));
  rib.settle();
  t.equal(table.pathsOf(source), 1024);
  t.equal(table.pathsOf(other), 1, 'others have theirs');
  t.equal(table.summary().refusedPaths, 976);
  hand(source, path(1, 1024));
  t.equal(table.summary().refusedPaths, 976, 'those it has it may announce again');
  table.withdraw(source, { prefix: parsePrefix('10.0.0.0/24') }, 7);
  hand(source, path(5000, 5001));
  t.match(table.summary(), { paths: 1025, refusedPaths: 977 });
  source.flush();
  rib.settle();
  t.match(rib.statistics(), { paths: 1, attributeSets: 1 });
});
