/** TLS on a channel: STARTTLS after the first header, and a new header inside. @see RFC 6120 §5 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'node:tls';

/** PEM text of this end's certificate and key, and of the authorities that sign the peers'. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Without it peers are not asked who they are, and a client believes every server. */
  readonly authority?: string | undefined;
}

/** Reads files, named by path in the place of the text that is in them. @throws Error that names the file */
export function readTlsFiles(paths: TlsFiles): TlsFiles {
  return {
    certificate: readFileSync(paths.certificate, 'utf8'),
    key: readFileSync(paths.key, 'utf8'),
    authority: paths.authority === undefined ? undefined : readFileSync(paths.authority, 'utf8'),
  };
}

/** Is told how a handshake of the server ended. */
interface Waiting {
  secured(socket: TLSSocket): void;
  failed(because: string): void;
}

/**
 * Puts TLS on connections of one server or client. Certificates are checked against the authority only: either end
 * learns the name of the other later, from its header (`certificate-name.ts`).
 */
export class ChannelTls {
  readonly #files: TlsFiles;
  readonly #context: SecureContext;
  #server: Server | undefined;
  /** Who waits for which handshake, by the four numbers of its connection. */
  readonly #waiting = new Map<string, Waiting>();

  /** @throws Error from OpenSSL when the certificate, the key or the authority is unusable */
  constructor(files: TlsFiles) {
    this.#files = files;
    this.#context = createSecureContext(contextOptions(files));
  }

  /**
   * Starts the handshake; `secured` is called when it has succeeded. When it fails the connection is closed.
   * @param failed told why, before the connection closes
   */
  begin(
    socket: Socket,
    role: 'server' | 'client',
    secured: (socket: TLSSocket) => void,
    failed: (because: string) => void,
  ): void {
    if (role === 'client') {
      const tls = connect({
        socket,
        secureContext: this.#context,
        rejectUnauthorized: this.#files.authority !== undefined,
        checkServerIdentity: () => undefined,
      });
      tls.once('secureConnect', () => secured(tls));
      tls.on('error', (error) => failed(error.message));
      return;
    }
    const key = connectionKey(socket);
    this.#waiting.set(key, { secured, failed });
    socket.once('close', () => this.#waiting.delete(key));
    // A server that does not listen, given connections by hand, checks client certificates as every other.
    this.#server ??= this.#createServer();
    this.#server.emit('connection', socket);
  }

  #createServer(): Server {
    const verify = this.#files.authority !== undefined;
    const server = createServer({
      ...contextOptions(this.#files),
      requestCert: verify,
      rejectUnauthorized: verify,
    });
    server.on('secureConnection', (socket) => {
      const key = connectionKey(socket);
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (waiting === undefined) socket.destroy();
      else waiting.secured(socket);
    });
    server.on('tlsClientError', ({ message }, socket) => {
      this.#waiting.get(connectionKey(socket))?.failed(message);
      socket.destroy();
    });
    return server;
  }
}

function contextOptions({
  certificate,
  key,
  authority,
}: TlsFiles): Parameters<typeof createSecureContext>[0] {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    ...(authority === undefined ? {} : { ca: authority }),
  };
}

function connectionKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}
