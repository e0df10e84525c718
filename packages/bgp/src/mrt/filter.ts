/** Which paths of an MRT file are wanted. Every condition given has to hold. */
import { type Prefix, hexText, parsePrefix, parseRouteTarget } from '@vaportrail/net';
import type { PathAttributes } from '../attributes/path-attributes.ts';
import type { FamilyName } from '../families/table.ts';
import { nlriParts } from './nlri.ts';

/** What a route must be to pass; what is left out does not matter. */
export interface MrtConditions {
  /** The prefix, and whether to take it alone, what lies inside it, or what covers it. */
  readonly prefix?: string | undefined;
  readonly match?: 'exact' | 'longer' | 'shorter' | undefined;
  /** Address of a peer. */
  readonly peer?: string | undefined;
  /** An AS number anywhere in the AS path. */
  readonly asn?: number | undefined;
  /** `target:500:500` or `500:500`. */
  readonly routeTarget?: string | undefined;
  /** `10.169.25.20:9` */
  readonly routeDistinguisher?: string | undefined;
}

/** A path is wanted when its peer, its NLRI and its attributes are. */
export class MrtFilter {
  readonly #conditions: MrtConditions;
  readonly #prefix: Prefix | undefined;
  readonly #target: string | undefined;

  /** @throws SyntaxError or RangeError for a prefix or route target that is none */
  constructor(conditions: MrtConditions) {
    const { prefix, routeTarget } = conditions;
    this.#conditions = conditions;
    this.#prefix = prefix === undefined ? undefined : parsePrefix(prefix);
    this.#target = routeTarget === undefined ? undefined : hexText(parseRouteTarget(routeTarget));
  }

  /** Only paths with attributes can pass: no withdrawals. */
  get asksForAttributes(): boolean {
    return this.#conditions.asn !== undefined || this.#target !== undefined;
  }

  /** Only routes can pass: no state changes. */
  get asksForRoutes(): boolean {
    return (
      this.asksForAttributes ||
      this.#prefix !== undefined ||
      this.#conditions.routeDistinguisher !== undefined
    );
  }

  /** Whether paths of a peer are wanted. */
  peer(address: string): boolean {
    return this.#conditions.peer === undefined || this.#conditions.peer === address;
  }

  /** Looks at the octets of one NLRI. */
  nlri(
    family: FamilyName | undefined,
    bytes: Uint8Array,
    at: number,
    end: number,
    withdrawn: boolean,
  ): boolean {
    const { routeDistinguisher, match = 'exact' } = this.#conditions;
    if (this.#prefix === undefined && routeDistinguisher === undefined) return true;
    const { rd, prefix } = nlriParts(family, bytes, at, end, withdrawn);
    if (routeDistinguisher !== undefined && rd !== routeDistinguisher) return false;
    if (this.#prefix === undefined) return true;
    // What route target constraint calls a prefix is one of route targets.
    if (prefix === undefined || family === 'route-target') return false;
    return agrees(parsePrefix(prefix), this.#prefix, match);
  }

  /** A prefix without a route distinguisher, as text. */
  prefix(text: string): boolean {
    if (this.#conditions.routeDistinguisher !== undefined) return false;
    return (
      this.#prefix === undefined || agrees(parsePrefix(text), this.#prefix, this.#conditions.match ?? 'exact')
    );
  }

  /** Whether a path with these attributes is wanted. */
  attributes(attributes: PathAttributes): boolean {
    const { asn } = this.#conditions;
    if (asn !== undefined && !attributes.asPath.some(({ asns }) => asns.includes(asn))) return false;
    if (this.#target === undefined) return true;
    const { extendedCommunities } = attributes;
    for (let at = 0; at + 8 <= extendedCommunities.length; at += 8)
      if (hexText(extendedCommunities.subarray(at, at + 8)) === this.#target) return true;
    return false;
  }
}

function agrees(route: Prefix, asked: Prefix, match: 'exact' | 'longer' | 'shorter'): boolean {
  if (route.bytes.length !== asked.bytes.length) return false;
  if (match === 'exact' && route.length !== asked.length) return false;
  const [outer, inner] = match === 'shorter' ? [route, asked] : [asked, route];
  if (outer.length > inner.length) return false;
  for (let bit = 0; bit < outer.length; bit += 8) {
    const mask = outer.length - bit >= 8 ? 0xff : (0xff00 >> (outer.length - bit)) & 0xff;
    if (((outer.bytes[bit >> 3]! ^ inner.bytes[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}
