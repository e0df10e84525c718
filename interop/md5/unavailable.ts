/** Whether this machine can sign TCP segments. */
import { Session } from '@vaportrail/bgp';

/** Why a session with a password cannot be had here, or `undefined` when it can. */
export function unavailable(): string | undefined {
  try {
    new Session(
      {
        local: { asn: 1, routerId: 1 },
        peer: { address: '127.0.0.1', asn: 1 },
        families: ['inet'],
        password: 'x',
        ttlSecurity: 1,
      },
      { established() {}, update() {}, routeRefresh() {}, down() {} },
    );
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
