/** `AgentXmppConnectionStatusReq`: the control nodes of an agent. */
import { type Fields, number, stateName, text, time } from '@vaportrail/show/sandesh';
import { ConfigSubscription } from '../config-subscription.ts';
import type { Agent } from '../agent.ts';

function clockTime(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : time(new Date(milliseconds).toISOString());
}

/** Field numbers of this structure are by place: the original's were not at hand (unverified). */
export function connections(agent: Agent): Fields[] {
  const { channel } = agent;
  const server = channel instanceof ConfigSubscription ? channel.server : undefined;
  return agent.peers.map((peer) => ({
    controller_ip: text(peer.name),
    state: text(peer.state === 'established' ? 'Established' : peer.state === 'idle' ? 'Idle' : 'Active'),
    flap_count: number(peer.flaps),
    cfg_controller: text(peer === server ? 'Yes' : 'No'),
    mcast_controller: text('No'),
    last_event: text(peer.channel?.lastChange?.event ?? ''),
    last_state: text(stateName(peer.channel?.lastChange?.from ?? '')),
    last_state_at: text(clockTime(peer.channel?.lastChange?.at)),
    flap_time: text(clockTime(peer.lostAt)),
    last_error: text(peer.lastError ?? ''),
  }));
}
