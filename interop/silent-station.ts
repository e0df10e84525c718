import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** A BMP station that takes whatever it is sent and, as RFC 7854 has it, never says a word. */
export interface SilentStation {
  readonly at: { readonly address: string; readonly port: number };
  /** So many have arrived. */
  octets: number;
}

/** @param port where it listens; any that is free when left out */
export async function silentStation(t: Test, port = 0): Promise<SilentStation> {
  const server = createServer(
    (socket) => void socket.on('data', (chunk) => (station.octets += chunk.length)),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { address, port: bound } = server.address() as AddressInfo;
  const station: SilentStation = { at: { address, port: bound }, octets: 0 };
  return station;
}
