/** Opening a connection to a peer, secured before the first packet where that is configured. */
import { connect, type Socket } from 'node:net';
import { withReceiveBuffer } from './receive-buffer.ts';
import type { SessionConfig } from './session-config.ts';
import { isSecured, secureConnect } from './transport-security.ts';

/** @throws Error when the connection cannot even be tried */
export function dial(config: SessionConfig): Socket {
  const { address, port = 179 } = config.peer;
  const secured = isSecured(config);
  const socket: Socket = connect({
    host: address,
    port,
    noDelay: true,
    ...(!secured && { localAddress: config.local.address }),
    ...withReceiveBuffer(() => socket),
  });
  if (!secured) return socket;
  try {
    secureConnect(socket, config);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
