/** The stanzas of the channel as one discriminated union; whoever handles a `Stanza` handles every kind. */
import type { ConfigObject } from './config-message.ts';
import type { Item, ItemFamily, ItemProblem } from './item.ts';

/** An agent wants the routes of a routing instance, and may publish into it. */
export interface Subscribe {
  readonly type: 'subscribe';
  /** Name of the routing instance. */
  readonly node: string;
  /** The agent's index of its VRF, low half of the route distinguisher; -1 when absent. */
  readonly instanceId: number;
  /** The agent publishes but wants no routes. */
  readonly noRibOut: boolean;
}

/** An agent leaves an instance; what it published there goes with that. */
export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly node: string;
}

/** First half of a publish: items that mean nothing until their {@link Collection} arrives. */
export interface Publish {
  readonly type: 'publish';
  /** `AFI/SAFI/…` as written; the collection must name it byte for byte. */
  readonly node: string;
  /** Family of AFI/SAFI in the node; undefined when unknown, and then there are no items. */
  readonly family: ItemFamily | undefined;
  /** Sixth field of the node: instance id of the workload's own VRF, for routes leaked into ip-fabric. */
  readonly nativeId: number | undefined;
  readonly items: readonly Item[];
  /** Items that could not be read. */
  readonly problems: readonly ItemProblem[];
}

/** Second half of a publish: the instance, and whether the parked items are announced or withdrawn. */
export interface Collection {
  readonly type: 'collection';
  /** Name of the routing instance. */
  readonly node: string;
  readonly action: 'associate' | 'dissociate' | 'none';
  /** Node of the publish meant. */
  readonly target: string;
}

/** Routes from the control node: each replaces all that was known of its prefix. */
export interface Items {
  readonly type: 'items';
  readonly node: string;
  readonly family: ItemFamily;
  readonly instance: string;
  readonly items: readonly Item[];
  readonly problems: readonly ItemProblem[];
}

/** Routes withdrawn by the control node, by item id (`ADDR/LEN`, or the family's own form). */
export interface Retracts {
  readonly type: 'retracts';
  readonly node: string;
  readonly family: ItemFamily;
  readonly instance: string;
  readonly ids: readonly string[];
}

/** All routes have been sent. */
export interface EndOfRib {
  readonly type: 'end-of-rib';
}

/** An agent wants the configuration of an object, e.g. `virtual-router:default-global-system-config:compute-1`. */
export interface ConfigSubscribe {
  readonly type: 'config-subscribe' | 'config-unsubscribe';
  readonly node: string;
}

/** Configuration pushed to an agent. */
export interface Config {
  readonly type: 'config';
  /** Fully qualified name of the virtual router, with `/config` behind it. */
  readonly to: string;
  readonly updates: readonly ConfigObject[];
  readonly deletes: readonly ConfigObject[];
}

/** Well-formed, but nothing this channel acts upon (iq get/result/error, presence, unknown families). */
export interface Ignored {
  readonly type: 'ignored';
  readonly because: string;
}

/** What a stream holds once it is open, told apart by `type`. */
export type Stanza =
  | Subscribe
  | Unsubscribe
  | Publish
  | Collection
  | Items
  | Retracts
  | EndOfRib
  | ConfigSubscribe
  | Config
  | Ignored;

/** Steps of the TLS negotiation and the peer's own stream error: for the channel, not for its user. */
export type Negotiation =
  | { readonly type: 'features'; readonly starttls: boolean }
  | { readonly type: 'starttls' }
  | { readonly type: 'proceed' }
  | { readonly type: 'stream-error'; readonly condition: string; readonly text: string };
