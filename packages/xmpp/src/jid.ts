/** Addresses of the end-system channel: who a stanza is for is told by a resource name inside its `to`. */

/** The control node's address in every stanza of the channel, whichever control node it is. */
export const CONTROL_NODE_JID = 'network-control@contrailsystems.com';

/** Channels that share one stream; `to` is searched for these names, in this order. */
export const resources = ['bgp-peer', 'config', 'dns-peer', 'other-peer'] as const;

/** A channel inside the stream: routing, configuration, DNS, or a spare one. */
export type Resource = (typeof resources)[number];

/**
 * The channel a stanza belongs to: the first known resource name that occurs anywhere in `to`, as deployed receivers
 * do it. Undefined when there is none.
 */
export function resourceOf(to: string): Resource | undefined {
  return resources.find((resource) => to.includes(resource));
}
