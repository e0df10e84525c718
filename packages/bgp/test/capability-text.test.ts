import t from 'tap';
import { capabilityText } from '../src/wire/capability-text.ts';
import type { Capability } from '../src/wire/capability.ts';

t.test('capabilities are one phrase each, with the names of families', async (t) => {
  const vpn = { afi: 1, safi: 128 };
  const texts: [Capability, string][] = [
    [{ type: 'multiprotocol', ...vpn }, 'multiprotocol inet-vpn'],
    [{ type: 'multiprotocol', afi: 99, safi: 9 }, 'multiprotocol 99/9'],
    [{ type: 'four-octet-as', asn: 4_200_000_000 }, 'four-octet-as 4200000000'],
    [{ type: 'route-refresh' }, 'route-refresh'],
    [{ type: 'fqdn', hostname: 'frr', domain: 'lab' }, 'fqdn frr.lab'],
    [{ type: 'add-path', entries: [{ ...vpn, mode: 3 }] }, 'add-path: inet-vpn both'],
    [
      {
        type: 'graceful-restart',
        restarting: true,
        notification: false,
        restartTime: 120,
        families: [{ ...vpn, forwarding: true }],
      },
      'graceful-restart 120 s, restarting: inet-vpn (forwarding)',
    ],
    [
      {
        type: 'long-lived-graceful-restart',
        families: [{ ...vpn, forwarding: false, staleTime: 40 }],
      },
      'long-lived-graceful-restart: inet-vpn 40 s',
    ],
    [{ type: 'unknown', code: 200, value: Uint8Array.of(1) }, 'unknown (200)'],
  ];
  for (const [capability, text] of texts) t.equal(capabilityText(capability), text);
});
