/** Routes and paths as people and other packages see them: made on demand from the packed records. */
import { type Family, type FamilyName, type PathAttributes, families } from '@vaportrail/bgp/wire';
import { type Prefix, ipv4Text, prefixText, routeDistinguisherText } from '@vaportrail/net';
import type { AttributeSet } from './attribute-set.ts';
import {
  DISCRIMINATOR,
  KEY,
  LABEL,
  MORE,
  MORE_MASK,
  NEXT,
  PATH_WORDS,
  SET,
  TIME,
  pathFlag,
} from './destinations.ts';
import { explain } from './explain.ts';
import { type PrefixLayout, lengthBits } from './family-layout.ts';
import type { Infeasible } from './feasibility.ts';
import type { Resolution } from './next-hop-resolution.ts';
import type { PackedTable } from './packed-table.ts';
import type { Source } from './source.ts';

/** Why a path is not the best one: the step in which it lost, in the words of the rule set, and both values. */
export interface NotBest {
  /** Name of the step: `local-preference`; `none` when no step told the paths apart. */
  readonly step: string;
  /** What the implementation the rules follow prints: `Local Preference`, `Not Best in its group - IGP metric`. */
  readonly reason: string;
  readonly ours: string | number | boolean;
  readonly theirs: string | number | boolean;
  /** It lost against a path of its own group (neighbouring AS); in Junos this is the flag `NotBest`. */
  readonly inGroup: boolean;
}

/** One path of a route. Facts are as of the moment the route was read. */
export interface Path {
  readonly source: Source;
  readonly attributes: PathAttributes;
  /** Four or sixteen octets; empty for a route without one. */
  readonly nextHop: Uint8Array;
  /** The upper twenty bits of the label field; absent in families without labels and when there is none. */
  readonly label: number | undefined;
  /** The whole 24-bit field: a VNI when the encapsulation is VXLAN. */
  readonly labelField: number;
  /** For families whose NLRI are not prefixes: its octets as they were announced, labels and all. */
  readonly nlri: Uint8Array | undefined;
  /** Identifier of ADD-PATH, 0 without. */
  readonly pathId: number;
  /** Of the VPN route, or of the one behind an imported path. */
  readonly routeDistinguisher: Uint8Array | undefined;
  /** A copy made by route target ("secondary"), and the name of the table with the original. */
  readonly replicated: boolean;
  readonly primaryTable: string | undefined;
  readonly stale: boolean;
  readonly longLivedStale: boolean;
  readonly feasible: boolean;
  /** Why it is not feasible. */
  readonly because: Infeasible | undefined;
  readonly resolution: Resolution | undefined;
  readonly best: boolean;
  /** It shares the load: in the multipath set, of which the best path is always a member. */
  readonly multipath: boolean;
  /** Absent on the best path. */
  readonly notBest: NotBest | undefined;
  /** Seconds since the epoch when it arrived or last changed. */
  readonly receivedAt: number;
}

/** One destination and its paths, the best one first. */
export interface Route {
  readonly table: string;
  readonly family: FamilyName;
  /** For families whose NLRI are prefixes. */
  readonly prefix: Prefix | undefined;
  readonly routeDistinguisher: Uint8Array | undefined;
  /** For all other families the octets of the NLRI, those that do not name the route being zero. */
  readonly nlri: Uint8Array | undefined;
  /** `10.169.25.20:9:101.101.101.252/32`. */
  readonly text: string;
  readonly paths: readonly Path[];
  /** Absent when no path is feasible. */
  readonly best: Path | undefined;
  /** The best path and those that share the load with it; empty when no path is feasible. */
  readonly multipath: readonly Path[];
  /** Names of the tables that hold copies of its paths. */
  readonly replicatedTo: readonly string[];
}

/** What those are told who are told all paths that share the load: less is read for it than for a {@link Route}. */
export interface SharedRoute extends Pick<Route, 'family' | 'nlri' | 'text'> {
  readonly multipath: readonly SharedPath[];
}

/** The same of a path. */
export type SharedPath = Pick<
  Path,
  'source' | 'attributes' | 'nextHop' | 'labelField' | 'nlri' | 'replicated' | 'best'
>;

/** What reading routes needs to know beyond the records. */
export interface RouteContext {
  readonly name: string;
  readonly family: FamilyName;
  readonly packed: PackedTable;
  tableName(number: number): string | undefined;
  copies(destination: number): readonly string[];
}

/** Reads a destination. The reasons are worked out now if `explained`, otherwise `notBest` of all paths is absent. */
export function readRoute(context: RouteContext, destination: number, explained: boolean): Route {
  const { packed } = context;
  const { layout } = packed;
  const { routeDistinguisher, nlri, text } = readName(context, destination);
  const usable = packed.bestSet(destination) !== 0;
  const reasons = explained && usable ? explain(packed, destination) : [];
  const paths: Path[] = [];
  packed.forEachPath(destination, (words, at, first) => {
    const reason = reasons[paths.length];
    paths.push(readPath(context, words, at, first && usable, usable, routeDistinguisher, nlri, reason));
  });
  return {
    table: context.name,
    family: context.family,
    prefix: layout.kind === 'prefix' ? prefixAt(packed, layout, destination) : undefined,
    routeDistinguisher,
    nlri,
    text,
    paths,
    best: usable ? paths[0] : undefined,
    multipath: paths.filter((path) => path.multipath),
    replicatedTo: context.copies(destination),
  };
}

/** Reads of a destination what {@link SharedRoute} says. Many are read for a moment: no more objects than it takes. */
export function readSharedRoute(context: RouteContext, destination: number): SharedRoute {
  const { packed, family } = context;
  const { nlri, text } = readName(context, destination);
  if (packed.bestSet(destination) === 0) return { family, nlri, text, multipath: none };
  const { words, stride, paths } = packed.destinations;
  const at = destination * stride;
  const multipath = [readSharedPath(packed, words, at, true, nlri)];
  for (let path = words[at + MORE]! & MORE_MASK; path !== 0; path = paths[path * PATH_WORDS + NEXT]!) {
    const p = path * PATH_WORDS;
    if ((paths[p + LABEL]! & pathFlag.multipath) !== 0)
      multipath.push(readSharedPath(packed, paths, p, false, nlri));
  }
  return { family, nlri, text, multipath };
}

const none: readonly SharedPath[] = [];

function readSharedPath(
  packed: PackedTable,
  words: Int32Array,
  at: number,
  best: boolean,
  nlri: Uint8Array | undefined,
): SharedPath {
  const { source, attributes, nextHop } = packed.ranking.view(words[at + SET]!);
  const labelWord = words[at + LABEL]!;
  return {
    source,
    attributes,
    nextHop,
    labelField: labelFieldOf(packed, labelWord),
    nlri: nlriOf(packed, labelWord, nlri),
    replicated: (labelWord & pathFlag.secondary) !== 0,
    best,
  };
}

function readPath(
  { packed, tableName }: RouteContext,
  words: Int32Array,
  at: number,
  best: boolean,
  usable: boolean,
  routeDistinguisher: Uint8Array | undefined,
  nlri: Uint8Array | undefined,
  notBest: NotBest | undefined,
): Path {
  const { store, ranking, layout } = packed;
  const set: AttributeSet = ranking.view(words[at + SET]!);
  const labelWord = words[at + LABEL]!;
  const replicated = (labelWord & pathFlag.secondary) !== 0;
  const discriminator = words[at + DISCRIMINATOR]!;
  const origin = replicated ? store.discriminators.origin(discriminator) : undefined;
  const labelField = labelFieldOf(packed, labelWord);
  const labeled = layout.kind === 'prefix' && (layout.labeled || labelField !== 0);
  return {
    source: set.source,
    attributes: set.attributes,
    nextHop: set.nextHop,
    label: labeled ? labelField >>> 4 : undefined,
    labelField,
    nlri: nlriOf(packed, labelWord, nlri),
    pathId: (origin === undefined ? discriminator : origin.pathId) >>> 0,
    routeDistinguisher:
      routeDistinguisher ??
      (origin === undefined || origin.distinguisher === 0
        ? undefined
        : store.distinguishers.bytes(origin.distinguisher)),
    replicated,
    primaryTable: origin === undefined ? undefined : tableName(origin.table),
    stale: (labelWord & pathFlag.stale) !== 0,
    longLivedStale: (labelWord & pathFlag.longLivedStale) !== 0,
    feasible: (labelWord & pathFlag.infeasible) === 0,
    because: set.infeasible,
    resolution: set.resolution,
    best,
    multipath: best || (usable && (labelWord & pathFlag.multipath) !== 0),
    notBest,
    receivedAt: words[at + TIME]! >>> 0,
  };
}

function labelFieldOf({ layout }: PackedTable, labelWord: number): number {
  return layout.kind === 'bytes' ? 0 : labelWord >>> 8;
}

/** The octets as a path was announced with them, if they differ from those of its destination. */
function nlriOf(
  { layout, store }: PackedTable,
  labelWord: number,
  nlri: Uint8Array | undefined,
): Uint8Array | undefined {
  const payload = layout.kind === 'bytes' ? labelWord >>> 8 : 0;
  return payload === 0 ? nlri : store.payloads.octets(payload);
}

/** What names a destination, but for its prefix in octets. */
function readName(
  { packed, family }: RouteContext,
  destination: number,
): Pick<Route, 'routeDistinguisher' | 'nlri' | 'text'> {
  const { layout, destinations, store } = packed;
  if (layout.kind === 'bytes') {
    const nlri = packed.byBytes!.key(destination);
    const row: Family = families[family];
    const described = row.decode(nlri, 0, nlri.length, false, {});
    const text =
      row.text?.(described) ??
      ('prefix' in described ? String(described['prefix']) : JSON.stringify(described));
    return { routeDistinguisher: undefined, nlri, text };
  }
  const text = prefixTextAt(packed, layout, destination);
  if (!layout.distinguished) return { routeDistinguisher: undefined, nlri: undefined, text };
  const head = destinations.words[destination * destinations.stride + KEY]!;
  const routeDistinguisher = store.distinguishers.bytes(head >>> lengthBits(layout));
  return {
    routeDistinguisher,
    nlri: undefined,
    text: `${routeDistinguisherText(routeDistinguisher)}:${text}`,
  };
}

function prefixAt({ destinations }: PackedTable, layout: PrefixLayout, destination: number): Prefix {
  const { words, stride } = destinations;
  const key = destination * stride + KEY;
  const bytes = new Uint8Array(layout.addressWords * 4);
  for (let i = 0; i < bytes.length; i++) bytes[i] = words[key + 1 + (i >>> 2)]! >>> (24 - (i & 3) * 8);
  return { bytes, length: words[key]! & ((1 << lengthBits(layout)) - 1) };
}

function prefixTextAt(packed: PackedTable, layout: PrefixLayout, destination: number): string {
  if (layout.addressWords > 1) return prefixText(prefixAt(packed, layout, destination));
  const { words, stride } = packed.destinations;
  const key = destination * stride + KEY;
  return `${ipv4Text(words[key + 1]! >>> 0)}/${words[key]! & ((1 << lengthBits(layout)) - 1)}`;
}
