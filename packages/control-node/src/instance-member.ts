/** Agents as members of a routing instance, and as subscribers of its tables. */
import type { Subscriber } from '@vaportrail/rib';
import type { Subscription } from '@vaportrail/xmpp';

import type { ItemBatch } from './item-writer.ts';
import type { ListMembership } from './replication-lists.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** An agent in the instance. */
export interface InstanceMember {
  readonly subscription: Subscription;
  /** What it is told; nothing while it is away. */
  groups: readonly ListMembership[];
  /** Tables it has not been told in full yet. */
  unsynchronised: number;
}

/** A member as the subscriber of one table. */
export class TableSubscriber implements Subscriber<ItemBatch> {
  readonly #peer: XmppPeer;
  readonly #member: InstanceMember;

  constructor(peer: XmppPeer, member: InstanceMember) {
    this.#peer = peer;
    this.#member = member;
  }

  get isCongested(): boolean {
    return this.#peer.isCongested;
  }

  send(batch: ItemBatch): void {
    this.#peer.send(batch);
  }

  synchronised(): void {
    this.#member.unsynchronised--;
  }
}
