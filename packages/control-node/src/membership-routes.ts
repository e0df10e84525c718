/** The routes by which this node asks its peers for route targets, in `bgp.rtarget.0`. @see RFC 4684 */
import { encodeAttributes } from '@vaportrail/bgp/wire';
import { type Source, type Table, routeTargetNlri } from '@vaportrail/rib';

import { DEFAULT_LOCAL_PREF } from './published-path.ts';
import { RouteTargetMembership } from './route-target-membership.ts';

const attributes = encodeAttributes({ origin: 'igp', asPath: [], localPref: DEFAULT_LOCAL_PREF });

/** One for a control node; the routes are its own, whatever agents they are for. */
export class MembershipRoutes {
  readonly #membership = new RouteTargetMembership();
  readonly #table: Table;
  readonly #self: Source;
  readonly #asn: number;

  /** @param self this router as a source of paths */
  constructor(table: Table, self: Source, asn: number) {
    this.#table = table;
    this.#self = self;
    this.#asn = asn;
  }

  /** Asks for every route, as a reflector must: it has to have what any of its clients may want. */
  wantEverything(): void {
    this.#announce(routeTargetNlri(this.#asn));
  }

  /** An instance with these import targets has agents now, or has none any more. */
  wanted(imports: readonly Uint8Array[], isWanted: boolean): void {
    const changes = isWanted ? this.#membership.want(imports) : this.#membership.release(imports);
    for (const { type, target } of changes) {
      const nlri = routeTargetNlri(this.#asn, target);
      if (type === 'announce') this.#announce(nlri);
      else this.#table.withdraw(this.#self, { bytes: nlri });
    }
  }

  #announce(nlri: Uint8Array): void {
    this.#table.announce(this.#self, { bytes: nlri }, { attributes, nextHop: this.#self.address });
  }
}
