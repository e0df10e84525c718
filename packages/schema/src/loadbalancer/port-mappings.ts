/** The ports that the floating IP of a load balancer maps, and those that one interface of it maps. */
import type { Listener, Member } from './balanced.ts';

/** A port of a floating IP, and the one behind it. Names are those of Contrail. */
export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP';
  readonly src_port: number;
  readonly dst_port: number;
}

/**
 * One mapping for each listener that has members. Where they listen on several ports the object can name only one: the
 * one most of them have, of two equally common ones the lower. What each interface maps is more exact.
 * @see interfacePortMappings
 */
export function portMappings(listeners: readonly Listener[]): PortMapping[] {
  const mappings = new Map<string, PortMapping>();
  for (const { protocol, port, members } of listeners) {
    const [destination] = commonest(members);
    const key = `${protocol} ${port}`;
    if (destination === undefined || mappings.has(key)) continue;
    mappings.set(key, { protocol, src_port: port, dst_port: destination });
  }
  return inOrder([...mappings.values()]);
}

/**
 * What one interface maps: the ports of its own members, and no port that only others serve. `undefined` when it is no
 * member, so that what the floating IP itself says counts.
 */
export function interfacePortMappings(
  listeners: readonly Listener[],
  vmi: string,
): PortMapping[] | undefined {
  const mappings = listeners.flatMap(({ protocol, port, members }): PortMapping[] => {
    const [destination] = commonest(members.filter((member) => member.vmi === vmi));
    return destination === undefined ? [] : [{ protocol, src_port: port, dst_port: destination }];
  });
  return mappings.length === 0 ? undefined : inOrder(mappings);
}

function commonest(members: readonly Member[]): number[] {
  const counts = new Map<number, number>();
  for (const { port } of members) counts.set(port, (counts.get(port) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || a - b).map(([port]) => port);
}

function inOrder(mappings: readonly PortMapping[]): PortMapping[] {
  return mappings.toSorted((a, b) => a.src_port - b.src_port || (a.protocol < b.protocol ? -1 : 1));
}
