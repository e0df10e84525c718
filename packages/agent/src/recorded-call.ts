/** What a program may ask of an agent while it runs: recordings have it with its arguments, and replays ask it again. */
import type { Recorder } from '@vaportrail/show/recording';

/** Names of methods of an agent. */
export const recordedCalls = [
  'subscribe',
  'unsubscribe',
  'addInterface',
  'removeInterface',
  'addFloatingIp',
  'changeFloatingIp',
  'removeFloatingIp',
  'setPreference',
  'takeOver',
  'withhold',
  'tell',
  'plug',
  'unplug',
  'send',
  'receive',
] as const;
export type RecordedCall = (typeof recordedCalls)[number];

/** Writes a call down, before it is tried: what is refused is refused in the replay, too. */
export type CallRecorder = (method: RecordedCall, ...args: readonly unknown[]) => void;

/** @param agent whose calls they are */
export function callRecorder(recorder: Recorder | undefined, agent: string): CallRecorder {
  return (method, ...args) => recorder?.record({ type: 'call', agent, method, arguments: args });
}
