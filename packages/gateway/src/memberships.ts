/** What the gateway tells its peers it wants to hear: the route targets that some routing instance imports. */
import { encodeAttributes } from '@vaportrail/bgp/wire';
import { routeTargetNlri, type Source, type Table } from '@vaportrail/rib';
import type { GatewayConfig } from './config.ts';
import { importTargets } from './vrf-table.ts';

const attributes = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 });

/** One for a gateway; peers are told by RT-constraint routes. @see RFC 4684 */
export class Memberships {
  readonly #table: Table;
  readonly #source: Source;
  readonly #address: Uint8Array;
  #announced = new Map<string, Uint8Array>();

  /**
   * @param table the one whose routes peers are told in the family route-target
   * @param address next hop of the memberships
   */
  constructor(table: Table, source: Source, address: Uint8Array) {
    this.#table = table;
    this.#source = source;
    this.#address = address;
  }

  /** Announces what a configuration asks for and takes back what it does not. @see RFC 4684 §4 */
  announce(config: GatewayConfig): void {
    const asn = config['local-as'] ?? config.asn;
    const before = this.#announced;
    this.#announced = new Map();
    for (const target of config['routing-instances'].flatMap((instance) =>
      importTargets(instance, config['policy-options']),
    )) {
      const bytes = routeTargetNlri(asn, target);
      this.#announced.set(bytes.join(), bytes);
    }
    for (const [key, bytes] of before)
      if (!this.#announced.has(key)) this.#table.withdraw(this.#source, { bytes });
    for (const [key, bytes] of this.#announced)
      if (!before.has(key))
        this.#table.announce(this.#source, { bytes }, { attributes, nextHop: this.#address });
  }
}
