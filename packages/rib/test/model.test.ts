import { decodeUpdate, families, frameMessage, messageType } from '@vaportrail/bgp/wire';
import {
  Writer,
  addressText,
  parseAddress,
  parseIpv4,
  parsePrefix,
  parseRouteTarget,
  routeDistinguisherText,
  routeTargetText,
} from '@vaportrail/net';
import t from 'tap';
import {
  type Membership,
  type Path,
  Rib,
  type Route,
  type SharedRoute,
  type Source,
  type Table,
  routeTargetNlri,
} from '../src/index.ts';
import {
  type ModelPath,
  type ModelSource,
  type ModelTable,
  type Plain,
  choose,
  describe,
  encode,
  modelTable,
  replicate,
} from './model.ts';

const OWN_AS = 64512;
/** Seconds each run may take; raise it for a long hunt. */
const SECONDS = Number(process.env['RIB_MODEL_SECONDS'] ?? 4);
const SEED = process.env['RIB_MODEL_SEED'];

/** Mulberry32. */
function generator(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

const targets = ['64512:1', '64512:2', '64512:3'];
const octets = new Map(targets.map((target) => [target, parseRouteTarget(target)]));
const octetsOf = (target: string): Uint8Array => octets.get(target)!;
const prefixes = Array.from({ length: 12 }, (_, i) => `10.0.${i >>> 2}.${(i & 3) * 64}/${26 + (i % 3) * 3}`);
const distinguishers = ['1.1.1.1:1', '1.1.1.1:2', '64512:7'];
const nextHops = ['10.1.1.1', '10.1.1.2', '10.1.1.3'];

/** What peers may take: the best path without identifier, all paths, or the best one or two. @see RFC 7911 */
const capacities = [0, Infinity, 1, 2];

/** A membership of a peer. */
interface Seat {
  readonly paths: number;
  /** What it has been told: route, and identifier of the path if there is one → next hop, label, preference. */
  readonly told: Map<string, string>;
  membership: Membership | undefined;
}

interface Both {
  readonly model: ModelSource;
  source: Source;
  readonly seats: readonly Seat[];
  /** Route targets it asked for, and whether that is stale. */
  readonly interests: Map<string, boolean>;
  readonly filtered: boolean;
  backlog: number;
}

function run(seed: number, until: number): { operations: number; failure: string | undefined } {
  const random = generator(seed);
  const rib = new Rib({ asn: OWN_AS, routerId: parseIpv4('9.9.9.9'), clusterId: 99 });
  const specification = [
    modelTable('vpn', 'inet-vpn'),
    modelTable('red', 'inet', [targets[0]!], [targets[0]!]),
    modelTable('blue', 'inet', [targets[1]!, targets[2]!], [targets[1]!]),
    modelTable('green', 'inet', [], []),
  ];
  const tables = new Map<string, Table>();
  for (const { name, family, imports, exports } of specification) {
    tables.set(
      name,
      rib.createTable({
        name,
        family,
        selection: 'contrail',
        imports: imports.map(octetsOf),
        exports: exports.map(octetsOf),
      }),
    );
  }
  const memberships = rib.createTable({ name: 'rtarget', family: 'route-target', main: true });
  const vpn = specification[0]!;
  const vrfs = specification.slice(1);
  let nextId = 0;
  const addSource = (protocol: 'bgp' | 'xmpp'): Both => {
    const id = ++nextId;
    const name = `${protocol}${id}`;
    const routerId = 0x0a00_0000 + id;
    const client = random(2) === 0;
    const source = rib.addSource({
      name,
      protocol,
      address: parseAddress(`10.9.${id >>> 8}.${id & 255}`),
      routerId,
      ...(protocol === 'bgp' ? { asn: OWN_AS, internal: true, client } : {}),
    });
    return {
      model: { id, name, protocol, routerId, client },
      source,
      seats: capacities.map((paths) => ({ paths, told: new Map(), membership: undefined })),
      interests: new Map(),
      filtered: random(2) === 0,
      backlog: 0,
    };
  };
  const sources = [
    ...Array.from({ length: 3 }, () => addSource('bgp')),
    ...Array.from({ length: 3 }, () => addSource('xmpp')),
  ];
  const groups = new Map(
    capacities.map((paths) => [
      paths,
      rib.updateGroup({ table: tables.get('vpn')!, internal: true, sparesSuppliers: true, paths }),
    ]),
  );
  const items = new Map<string, Map<string, string>>();
  for (const { name } of vrfs) {
    const told = new Map<string, string>();
    items.set(name, told);
    rib
      .itemGroup<() => void>(tables.get(name)!, (reach, unreach) => () => {
        for (const route of reach) told.set(route.text, item(route));
        for (const route of unreach) told.delete(route.text);
      })
      .join({ isCongested: false, send: (deliver) => deliver() });
  }

  const join = (peer: Both, seat: Seat): void => {
    seat.told.clear();
    seat.membership = groups.get(seat.paths)!.join({
      source: peer.source,
      filterByRouteTarget: peer.filtered,
      get backlog() {
        return peer.backlog;
      },
      send: (buffers) => {
        if (seat.membership === undefined) throw new Error('told after leaving');
        receive(seat.told, buffers, seat.paths > 0);
      },
    });
  };
  const leave = (seat: Seat): void => {
    seat.membership?.leave();
    seat.membership = undefined;
  };
  const attributes = (): Plain => ({
    localPref: 100 + random(2) * 50,
    asns:
      random(3) === 0
        ? []
        : Array.from(
            { length: 1 + random(2) },
            () => [65001, 65002, OWN_AS][random(20) === 0 ? 2 : random(2)]!,
          ),
    med: random(2) === 0 ? undefined : 1 + random(3),
    targets: targets.filter(() => random(2) === 0),
  });
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;

  /** One UPDATE with several NLRI from a BGP peer. */
  const update = ({ model, source }: Both): void => {
    const plain = attributes();
    const nextHop = pick(nextHops);
    const announced = new Map<string, number>();
    const withdrawn = new Set<string>();
    for (let n = random(6); n >= 0; n--)
      announced.set(`${pick(distinguishers)} ${pick(prefixes)}`, 16 + random(3));
    for (let n = random(4); n > 0; n--) {
      const route = `${pick(distinguishers)} ${pick(prefixes)}`;
      if (!announced.has(route)) withdrawn.add(route);
    }
    const bytes = message(plain, nextHop, announced, withdrawn, random(6));
    const problems = source.receiveUpdate(bytes, 0, bytes.length);
    if (problems.length > 0) throw new Error(problems[0]!.because);
    for (const route of withdrawn) vpn.primary.get(route)?.delete(model.id);
    for (const [route, label] of announced) {
      put(vpn, route, {
        source: model,
        attributes: plain,
        nextHop,
        label,
        secondary: false,
        origin: '',
        stale: false,
      });
    }
  };
  const publish = ({ model, source }: Both): void => {
    const table = pick(vrfs);
    const prefix = pick(prefixes);
    const nlri = { prefix: parsePrefix(prefix) };
    if (random(3) === 0) {
      tables.get(table.name)!.withdraw(source, nlri);
      table.primary.get(prefix)?.delete(model.id);
      return;
    }
    const plain = { ...attributes(), asns: [] };
    const nextHop = pick(nextHops);
    const label = 16 + random(3);
    tables.get(table.name)!.announce(source, nlri, {
      attributes: encode(plain, octetsOf),
      nextHop: parseAddress(nextHop),
      label,
    });
    put(table, prefix, {
      source: model,
      attributes: plain,
      nextHop,
      label,
      secondary: false,
      origin: '',
      stale: false,
    });
  };
  const forEachPathOf = (
    { model }: Both,
    visit: (paths: Map<number, ModelPath>, path: ModelPath) => void,
  ): void => {
    for (const table of specification) {
      for (const paths of table.primary.values()) {
        const path = paths.get(model.id);
        if (path !== undefined) visit(paths, path);
      }
    }
  };

  let operations = 0;
  const step = (): void => {
    operations++;
    const both = pick(sources);
    const peer = pick(sources.slice(0, 3));
    switch (random(30)) {
      case 0:
        both.source.markStale();
        forEachPathOf(both, (_, path) => {
          path.stale = true;
        });
        for (const target of both.interests.keys()) both.interests.set(target, true);
        break;
      case 1:
        both.source.sweep();
        forEachPathOf(both, (paths, path) => {
          if (path.stale) paths.delete(both.model.id);
        });
        for (const [target, stale] of both.interests) if (stale) both.interests.delete(target);
        break;
      case 2: {
        if (random(4) !== 0) break;
        both.seats.forEach(leave);
        rib.removeSource(both.source);
        forEachPathOf(both, (paths) => paths.delete(both.model.id));
        for (const table of specification) table.instanceIds.delete(both.model.id);
        sources[sources.indexOf(both)] = addSource(both.model.protocol);
        break;
      }
      case 3: {
        const table = pick(vrfs);
        table.imports = targets.filter(() => random(2) === 0);
        tables.get(table.name)!.setImports(table.imports.map(octetsOf));
        break;
      }
      case 4: {
        const table = pick(vrfs);
        table.exports = targets.filter(() => random(3) === 0);
        tables.get(table.name)!.setExports(table.exports.map(octetsOf));
        break;
      }
      case 5: {
        const agent = pick(sources.slice(3));
        const table = pick(vrfs);
        const id = random(4) === 0 ? undefined : 1 + random(3);
        if (id === undefined) table.instanceIds.delete(agent.model.id);
        else table.instanceIds.set(agent.model.id, id);
        tables.get(table.name)!.setInstanceId(agent.source, id);
        break;
      }
      case 6: {
        const seat = pick(peer.seats);
        if (seat.membership === undefined) join(peer, seat);
        else if (random(3) === 0) leave(seat);
        else seat.membership.refresh();
        break;
      }
      case 7:
        peer.backlog = random(2) === 0 ? 1e9 : 0;
        if (peer.backlog === 0) for (const { membership } of peer.seats) membership?.ready();
        break;
      case 8:
      case 9: {
        const target = random(8) === 0 ? 'default' : pick(targets);
        const bytes = target === 'default' ? routeTargetNlri(0) : routeTargetNlri(OWN_AS, octetsOf(target));
        if (peer.interests.has(target)) {
          peer.interests.delete(target);
          memberships.withdraw(peer.source, { bytes });
        } else {
          peer.interests.set(target, false);
          memberships.announce(
            peer.source,
            { bytes },
            { attributes: encode(attributes(), octetsOf), nextHop: peer.source.address },
          );
        }
        break;
      }
      case 10:
      case 11:
      case 12:
        rib.drain(1 + random(40));
        break;
      default:
        if (both.model.protocol === 'bgp') update(both);
        else publish(both);
    }
  };

  const check = (): string | undefined => {
    for (const peer of sources) {
      if (peer.backlog === 0) continue;
      peer.backlog = 0;
      for (const { membership } of peer.seats) membership?.ready();
    }
    rib.settle();
    const expected = replicate(specification, vpn, OWN_AS);
    for (const { name } of specification) {
      const table = tables.get(name)!;
      const actual = [...table.routes()]
        .map((route) => `${key(route)}\n  ${pathLines(route).join('\n  ')}`)
        .sort();
      const wanted: string[] = [];
      for (const [route, paths] of expected.get(name)!) {
        if (paths.length > 0) wanted.push(`${route}\n  ${modelLines(paths).join('\n  ')}`);
      }
      wanted.sort();
      const difference = firstDifference(actual, wanted);
      if (difference !== undefined) return `table ${name}: ${difference}`;
      const summary = table.summary();
      if (summary.routes !== wanted.length) return `table ${name}: summary says ${summary.routes} routes`;
      if (name === 'vpn') continue;
      const told = [...items.get(name)!].map(([route, text]) => `${route} ${text}`).sort();
      const due: string[] = [];
      for (const [route, paths] of expected.get(name)!) {
        const { best, multipath } = choose(paths, OWN_AS);
        if (best !== undefined) due.push(`${route} ${[...multipath].map(modelHop).sort().join(' ')}`);
      }
      const late = firstDifference(told, due.sort());
      if (late !== undefined) return `subscriber of ${name}: ${late}`;
    }
    for (const peer of sources) {
      for (const { paths, told, membership } of peer.seats) {
        if (membership === undefined) continue;
        const difference =
          paths === 0
            ? difference1(peer, told, expected.get('vpn')!)
            : differenceN(peer, told, expected.get('vpn')!, paths);
        if (difference !== undefined) return `peer ${peer.model.name}, ${paths} paths: ${difference}`;
      }
    }
    return undefined;
  };

  for (let round = 0; Date.now() < until && round < 200; round++) {
    for (let n = random(round % 4 === 0 ? 400 : 40); n >= 0; n--) step();
    const failure = check();
    if (failure !== undefined) return { operations, failure: `seed ${seed}, round ${round}: ${failure}` };
  }
  for (const both of sources) {
    both.seats.forEach(leave);
    rib.removeSource(both.source);
  }
  for (const table of tables.values()) {
    table.setImports([]);
    table.setExports([]);
  }
  rib.settle();
  const { tables: _, ...left } = rib.statistics();
  const failure = Object.values(left).every((count) => count === 0)
    ? undefined
    : `seed ${seed}: left behind ${JSON.stringify(left)}`;
  return { operations, failure };
}

/** What a peer that takes one path has been told wrongly. */
function difference1(
  peer: Both,
  told: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, readonly ModelPath[]>,
): string | undefined {
  const due = new Map<string, string>();
  for (const [route, paths] of expected) {
    // Of paths that tie in every step the one that came first stays, which the model does not know.
    const outcomes = choose(paths, OWN_AS).tied.map((path) =>
      mayHear(peer, path) && !paths.some(({ source }) => source === peer.model) ? textOf(path) : undefined,
    );
    const heard = told.get(route);
    const outcome = outcomes.includes(heard) ? heard : outcomes[0];
    if (outcome !== undefined) due.set(route, outcome);
  }
  return firstDifference(
    [...told].map(([route, text]) => `${route} ${text}`).sort(),
    [...due].map(([route, text]) => `${route} ${text}`).sort(),
  );
}

/** What a peer that takes several paths has been told wrongly. */
function differenceN(
  peer: Both,
  told: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, readonly ModelPath[]>,
  most: number,
): string | undefined {
  const heard = new Map<string, string[]>();
  for (const [name, text] of told) {
    const route = name.slice(0, name.lastIndexOf(' '));
    heard.set(route, [...(heard.get(route) ?? []), text]);
  }
  for (const route of new Set([...heard.keys(), ...expected.keys()])) {
    const due: string[] = [];
    let room = most;
    let rest = [...(expected.get(route) ?? [])];
    while (room > 0) {
      const { tied } = choose(rest, OWN_AS);
      if (tied.length === 0) break;
      rest = rest.filter((path) => !tied.includes(path));
      const texts = tied.filter((path) => mayHear(peer, path)).map(textOf);
      // Of paths that tie any may be among the best; which they are shows in what was told beside those that must be.
      const left = [...(heard.get(route) ?? [])];
      for (const text of due) if (left.includes(text)) left.splice(left.indexOf(text), 1);
      const chosen = texts.length <= room ? texts : left.filter((text) => texts.includes(text));
      due.push(...chosen.slice(0, room));
      room -= Math.min(room, texts.length);
    }
    const [actual, wanted] = [heard.get(route) ?? [], due].map((texts) => texts.sort().join(', '));
    if (actual !== wanted) return `\n- ${route} ${actual}\n+ ${route} ${wanted}`;
  }
  return undefined;
}

function textOf(path: ModelPath): string {
  return `${modelHop(path)} ${path.attributes.localPref}`;
}

function mayHear(peer: Both, path: ModelPath): boolean {
  if (path.source === peer.model) return false;
  if (path.source.protocol === 'bgp' && !path.source.client && !peer.model.client) return false;
  if (!peer.filtered || peer.interests.has('default')) return true;
  return path.attributes.targets.some((target) => peer.interests.has(target));
}

function put(table: ModelTable, route: string, path: ModelPath): void {
  const paths = table.primary.get(route);
  if (paths === undefined) table.primary.set(route, new Map([[path.source.id, path]]));
  else paths.set(path.source.id, path);
}

/** An UPDATE with MP_REACH_NLRI in front of, between or behind the other attributes, as real speakers differ in it. */
function message(
  plain: Plain,
  nextHop: string,
  announced: ReadonlyMap<string, number>,
  withdrawn: ReadonlySet<string>,
  place: number,
): Uint8Array {
  const family = families['inet-vpn'];
  const fields = (route: string): { rd: string; prefix: string } => {
    const [rd, prefix] = route.split(' ');
    return { rd: rd!, prefix: prefix! };
  };
  const reach = new Writer();
  reach.u16(1).u8(128).u8(12).bytes(new Uint8Array(8)).bytes(parseAddress(nextHop)).u8(0);
  for (const [route, label] of announced) family.encode(reach, { ...fields(route), labels: [label] }, false);
  const parts = [encode(plain, octetsOf)];
  const attribute = (code: number, value: Uint8Array): Uint8Array =>
    new Writer().u8(0x90).u8(code).u16(value.length).bytes(value).finish();
  parts.splice(place % 2, 0, attribute(14, reach.finish()));
  if (withdrawn.size > 0) {
    const unreach = new Writer();
    unreach.u16(1).u8(128);
    for (const route of withdrawn) family.encode(unreach, fields(route), true);
    parts.splice((place >>> 1) % 3, 0, attribute(15, unreach.finish()));
  }
  const attributes = Buffer.concat(parts);
  const body = new Writer();
  body.u16(0).u16(attributes.length).bytes(attributes);
  // Somewhere inside a larger buffer, as behind a socket.
  const whole = Buffer.concat([Buffer.alloc(3), frameMessage(messageType.update, body.finish())]);
  return whole.subarray(3);
}

/** Takes messages in as a peer does. */
function receive(told: Map<string, string>, buffers: readonly Uint8Array[], identified: boolean): void {
  for (const bytes of buffers) {
    for (let at = 0; at < bytes.length;) {
      const end = at + ((bytes[at + 16]! << 8) | bytes[at + 17]!);
      const update = decodeUpdate(bytes, at, end, { asn4: true, internal: true, addPath: () => identified });
      if (update.problems.length > 0) throw new Error(update.problems[0]!.because);
      for (const route of update.routes) {
        const name = `${String(route['rd'])} ${String(route['prefix'])}${identified ? ` ${route.pathId}` : ''}`;
        if (route.op === 'withdraw') {
          if (!told.delete(name)) throw new Error(`${name} is withdrawn and was never told`);
        } else {
          const label = (route['labels'] as number[])[0];
          told.set(name, `${route.nextHop}/${label} ${String(update.attributes.localPref)}`);
        }
      }
      at = end;
    }
  }
}

function key(route: Route): string {
  if (route.routeDistinguisher === undefined) return route.text;
  const rd = routeDistinguisherText(route.routeDistinguisher);
  return `${rd} ${route.text.slice(rd.length + 1)}`;
}

function line(path: Path, best: boolean, multipath: boolean): string {
  const { attributes } = path;
  const communities = attributes.extendedCommunities;
  const targetTexts: string[] = [];
  for (let at = 0; at < communities.length; at += 8) targetTexts.push(routeTargetText(communities, at));
  const described = describe({
    source: { id: 0, name: path.source.name, protocol: 'bgp', routerId: 0, client: false },
    attributes: {
      localPref: attributes.localPref ?? 0,
      asns: attributes.asPath.flatMap(({ asns }) => asns),
      med: attributes.med,
      targets: targetTexts,
    },
    nextHop: addressText(path.nextHop),
    label: path.label ?? 0,
    secondary: path.replicated,
    origin: path.replicated ? `${path.primaryTable} ${routeDistinguisherText(path.routeDistinguisher!)}` : '',
    stale: path.stale,
  });
  return `${described}${best ? ' best' : ''}${multipath ? ' multipath' : ''}`;
}

function pathLines(route: Route): string[] {
  for (const path of route.paths) {
    if (path.best === (path.notBest !== undefined) && route.best !== undefined) {
      throw new Error(`${route.text}: a path is best or has a reason`);
    }
  }
  return route.paths.map((path) => line(path, false, path.multipath)).sort();
}

function modelLines(paths: readonly ModelPath[]): string[] {
  const { multipath } = choose(paths, OWN_AS);
  // Copies do not inherit that the original is stale.
  return paths
    .map(
      (path) =>
        `${describe({ ...path, stale: path.stale && !path.secondary })}${multipath.has(path) ? ' multipath' : ''}`,
    )
    .sort();
}

function item(route: SharedRoute): string {
  return route.multipath
    .map((path) => `${addressText(path.nextHop)}/${path.labelField >>> 4}`)
    .sort()
    .join(' ');
}

function modelHop(path: ModelPath): string {
  return `${path.nextHop}/${path.label}`;
}

function firstDifference(actual: readonly string[], wanted: readonly string[]): string | undefined {
  const extra = actual.filter((text) => !wanted.includes(text));
  const missing = wanted.filter((text) => !actual.includes(text));
  if (extra.length + missing.length === 0) return undefined;
  return `\n- ${extra.slice(0, 3).join('\n- ')}\n+ ${missing.slice(0, 3).join('\n+ ')}`;
}

t.setTimeout((SECONDS + 60) * 1000);

t.test(
  'tables, peers and subscribers agree with a model of plain maps under random operations',
  async (t) => {
    const until = Date.now() + SECONDS * 1000;
    let operations = 0;
    let runs = 0;
    while (Date.now() < until) {
      const seed = SEED === undefined ? (Math.random() * 2 ** 31) | 0 : Number(SEED);
      const result = run(seed, until);
      operations += result.operations;
      runs++;
      if (result.failure !== undefined) {
        t.comment(result.failure);
        t.fail(`seed ${seed}`);
        return;
      }
      if (SEED !== undefined) break;
    }
    t.comment(`${operations} operations in ${runs} runs`);
    t.ok(operations > 0);
  },
);
