export {
  RECORDING_FORMAT,
  type RecordLine,
  type RecordedDaemon,
  type RecordedEvent,
  octetText,
  octetsOfText,
} from './record.ts';
export { DEFAULT_RECORDING_LIMIT, Recorder, type RecorderOptions } from './recorder.ts';
export { LONGEST_PAUSE, RecordingError, Run, type RunEnd } from './recording.ts';
export { type ReplayedConnection, replayedConnection } from './replayed-socket.ts';
