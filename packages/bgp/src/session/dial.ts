/** Opening a connection to a peer, secured before the first packet where that is configured. */
import { connect, type Socket } from 'node:net';
import type { SessionConfig } from './session-config.ts';
import { isSecured, secureConnect } from './transport-security.ts';

/** A socket on its way to the peer of a session. @throws Error when the connection cannot even be tried */
export function dial(config: SessionConfig): Socket {
  const { address, port = 179 } = config.peer;
  if (!isSecured(config))
    return connect({ host: address, port, localAddress: config.local.address, noDelay: true });
  const socket = connect({ host: address, port, noDelay: true });
  try {
    secureConnect(socket, config);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
