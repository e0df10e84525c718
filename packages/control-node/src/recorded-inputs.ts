/** What a control node is told, as records of a recording. */
import { ipv4Text, routeTargetText } from '@vaportrail/net';
import { type Recorder, octetText } from '@vaportrail/show/recording';
import type { Channel, ChannelTap } from '@vaportrail/xmpp';

import type { ControlNodeConfig } from './config.ts';

/** Records what agents write. */
export function agentTap(recorder: Recorder): ChannelTap {
  const sessions = new Map<Channel, number>();
  return {
    opened: (channel, octets) => {
      const session = recorder.nextSession();
      sessions.set(channel, session);
      const { address, port } = channel;
      recorder.record({ type: 'xmpp-open', session, address, port, octets: octetText(octets) });
    },
    received: (channel, octets) => {
      recorder.record({ type: 'xmpp', session: sessions.get(channel) ?? 0, octets: octetText(octets) });
    },
    closed: (channel, { because, error }) => {
      const session = sessions.get(channel) ?? 0;
      sessions.delete(channel);
      const condition = error === undefined ? {} : { condition: error.condition };
      recorder.record({ type: 'xmpp-closed', session, because, ...condition });
    },
  };
}

/** Records what one BGP peer says, session after session. */
export class PeerRecording {
  readonly #recorder: Recorder;
  #session = 0;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** A session is there. @param open the peer's OPEN */
  opened(address: string, port: number, open: Uint8Array): void {
    this.#session = this.#recorder.nextSession();
    this.#recorder.record({ type: 'bgp-open', session: this.#session, address, port, open: hex(open) });
  }

  /** A message of the session, whole. */
  received(message: Uint8Array): void {
    this.#recorder.record({ type: 'bgp', session: this.#session, message: hex(message) });
  }

  /** The session is over. */
  closed(because: string): void {
    this.#recorder.record({ type: 'bgp-closed', session: this.#session, because });
  }
}

/** Settings that a replay has no use for, or that must not be written down. */
const unrecorded: ReadonlySet<string> = new Set([
  'password',
  'ttl-security',
  'tls',
  'bmp',
  'mrt',
  'introspect',
]);

/** Stands for a config node whose words are in the recording. */
const REPLAYED_CONFIG_NODE = 'http://recording';

/** A configuration as a file may say it, for the record of the start. */
export function recordedConfig(config: ControlNodeConfig): unknown {
  return JSON.parse(
    JSON.stringify(config, function (this: Record<string, unknown>, key, value: unknown) {
      if (unrecorded.has(key)) return undefined;
      // Where it is does not matter, and its token is nobody's business.
      if (key === 'config') return value === undefined ? undefined : REPLAYED_CONFIG_NODE;
      const original = this[key];
      if (original instanceof Uint8Array) return routeTargetText(original);
      if (key === 'router-id' || key === 'cluster-id') return ipv4Text(value as number);
      return value;
    }),
  );
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
}
