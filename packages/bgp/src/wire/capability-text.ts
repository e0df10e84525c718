/** A capability in one phrase for people. */
import { familyOf } from '../families/table.ts';
import type { AfiSafi, Capability } from './capability.ts';

const directions = ['nothing', 'receive', 'send', 'both'];

/** Its name with what it says: `multiprotocol inet-vpn`, `graceful-restart 120 s: inet-vpn`. */
export function capabilityText(capability: Capability): string {
  const { type } = capability;
  switch (capability.type) {
    case 'multiprotocol':
      return `${type} ${familyText(capability)}`;
    case 'four-octet-as':
      return `${type} ${capability.asn}`;
    case 'role':
      return `${type} ${capability.role}`;
    case 'fqdn':
      return `${type} ${[capability.hostname, capability.domain].filter((part) => part !== '').join('.')}`;
    case 'software-version':
      return `${type} ${capability.version}`;
    case 'unknown':
      return `${type} (${capability.code})`;
    case 'extended-next-hop':
      return listText(type, capability.entries.map(familyText));
    case 'add-path':
      return listText(
        type,
        capability.entries.map((one) => `${familyText(one)} ${directions[one.mode] ?? one.mode}`),
      );
    case 'graceful-restart': {
      const { restartTime, restarting, notification, families } = capability;
      const flags = `${restarting ? ', restarting' : ''}${notification ? ', notification' : ''}`;
      return listText(`${type} ${restartTime} s${flags}`, families.map(forwardingText));
    }
    case 'long-lived-graceful-restart':
      return listText(
        type,
        capability.families.map((one) => `${forwardingText(one)} ${one.staleTime} s`),
      );
    default:
      return type;
  }
}

function listText(begin: string, entries: readonly string[]): string {
  return entries.length === 0 ? begin : `${begin}: ${entries.join(', ')}`;
}

function forwardingText(family: AfiSafi & { readonly forwarding: boolean }): string {
  return `${familyText(family)}${family.forwarding ? ' (forwarding)' : ''}`;
}

function familyText({ afi, safi }: AfiSafi): string {
  return familyOf(afi, safi) ?? `${afi}/${safi}`;
}
