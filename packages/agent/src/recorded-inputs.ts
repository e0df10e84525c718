/** What the agents of a process are told, as records of a recording. */
import { type Prefix, prefixText } from '@vaportrail/net';
import { type Recorder, octetText } from '@vaportrail/show/recording';
import type { Channel, ChannelTap } from '@vaportrail/xmpp';
import type { AgentFile } from './agent-file.ts';
import type { AgentConfig } from './config.ts';

/** Records what one control node writes to an agent. */
export function controlNodeTap(
  recorder: Recorder,
  agent: string,
  { address, port }: { readonly address: string; readonly port: number },
): ChannelTap {
  let session = 0;
  return {
    opened: (_: Channel, octets) => {
      session = recorder.nextSession();
      recorder.record({ type: 'xmpp-open', session, agent, address, port, octets: octetText(octets) });
    },
    received: (_, octets) => recorder.record({ type: 'xmpp', session, octets: octetText(octets) }),
    closed: (_, { because, error }) => {
      const condition = error === undefined ? {} : { condition: error.condition };
      recorder.record({ type: 'xmpp-closed', session, because, ...condition });
    },
    failed: (_, because) => recorder.record({ type: 'xmpp-failed', agent, address, port, because }),
  };
}

/** A configuration as a file may say it, for the record of the start. */
export function recordedFile({ agents, fleet, introspect }: AgentFile): unknown {
  return { agents: agents.map(recordedAgent), fleet, introspect };
}

/** Without a config node, whose words are recorded as calls; what control nodes say is there as they said it. */
function recordedAgent({ introspect: _views, tls: _tls, config, ...agent }: AgentConfig): unknown {
  const vrfs = agent.vrfs.map((vrf) => ({
    ...vrf,
    subnets: vrf.subnets.map((one: Prefix) => prefixText(one)),
  }));
  const controlNodes = agent['control-nodes'].map(({ address, port }) => ({ address, port }));
  return { ...agent, 'control-nodes': controlNodes, ...(config === 'xmpp' && { config }), vrfs };
}
