/**
 * The inclusive multicast routes of agents. To an agent one is named by its instance and Ethernet tag alone, whatever
 * address and next hop it is told with; as NLRI it has the address of the next hop for its originator. So what an agent
 * said last is kept here: another next hop replaces it, and a withdrawal finds it without one.
 */
import type { Source } from '@vaportrail/rib';
import type { EnetKey } from '@vaportrail/xmpp';
import { enetKey, isInclusiveMulticast } from './evpn-route.ts';

export class InclusiveRoutes {
  /** NLRI by Ethernet tag. */
  readonly #bySource = new Map<Source, Map<number, Uint8Array>>();

  /** Keeps what an agent announces. @returns the NLRI it has to take the place of */
  replace(source: Source, { ethernetTag }: EnetKey, nlri: Uint8Array): Uint8Array | undefined {
    let byTag = this.#bySource.get(source);
    if (byTag === undefined) this.#bySource.set(source, (byTag = new Map()));
    const before = byTag.get(ethernetTag);
    byTag.set(ethernetTag, nlri);
    return before;
  }

  /** Keeps an EVPN route that is announced again as it was, if it is one of these. */
  restore(source: Source, nlri: Uint8Array): void {
    const key = enetKey(nlri);
    if (key !== undefined && isInclusiveMulticast(key)) this.replace(source, key, nlri);
  }

  /** Forgets what an agent withdraws. @returns its NLRI; undefined when it had announced none */
  take(source: Source, { ethernetTag }: EnetKey): Uint8Array | undefined {
    const byTag = this.#bySource.get(source);
    const nlri = byTag?.get(ethernetTag);
    byTag?.delete(ethernetTag);
    if (byTag?.size === 0) this.#bySource.delete(source);
    return nlri;
  }

  /** All routes of a source are gone. */
  forgetAll(source: Source): void {
    this.#bySource.delete(source);
  }
}
