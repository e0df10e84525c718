/**
 * The helper of graceful restart: what happens to the paths of a neighbour that is away and may come back. A state
 * machine without I/O, the same for agents and for BGP peers.
 *
 * ```
 *             lost              restart time over         long-lived time over
 *   present ────────► stale ──────────────────► long-lived ────────────────► gone
 *      ▲                │ returned                  │ returned
 *      │ End-of-RIB     ▼                           ▼
 *      └──────────── refreshing ◄───────────────────┘     what was not announced again is swept
 * ```
 * @see RFC 4724 §4.2, RFC 9494 §4.2
 */

/** How long each phase may last, in seconds. */
export interface RestartTimes {
  readonly restart: number;
  /** 0: no long-lived phase. */
  readonly longLived: number;
  /** From the return to the sweep, when no End-of-RIB comes. */
  readonly endOfRib: number;
}

/** `present` is with a session and nothing stale, `gone` is the end. */
export type RestartState = 'present' | 'stale' | 'long-lived' | 'refreshing' | 'gone';

/** What happens to the session; `timer` is the one that was set last, `given-up` says that nothing is kept after all. */
export type RestartEvent = 'lost' | 'returned' | 'end-of-rib' | 'timer' | 'given-up';

/** What the driver does: about the paths of the neighbour, or about its one timer. */
export type RestartAction =
  | { readonly do: 'mark-stale' | 'mark-long-lived' | 'sweep' | 'flush' | 'cancel-timer' }
  | { readonly do: 'set-timer'; readonly seconds: number };

/** The state after an event, and what to do on the way there, in order. */
export interface RestartStep {
  readonly state: RestartState;
  readonly actions: readonly RestartAction[];
}

/** Every event in every state has an answer; what means nothing changes nothing. */
export function step(state: RestartState, event: RestartEvent, times: RestartTimes): RestartStep {
  switch (event) {
    case 'lost':
      if (state === 'present' || state === 'refreshing') {
        return {
          state: 'stale',
          actions: [{ do: 'mark-stale' }, { do: 'set-timer', seconds: times.restart }],
        };
      }
      return { state, actions: [] };
    case 'returned':
      if (state === 'stale' || state === 'long-lived') {
        return { state: 'refreshing', actions: [{ do: 'set-timer', seconds: times.endOfRib }] };
      }
      return { state, actions: [] };
    case 'end-of-rib':
      if (state === 'refreshing')
        return { state: 'present', actions: [{ do: 'cancel-timer' }, { do: 'sweep' }] };
      return { state, actions: [] };
    case 'timer':
      return timeOver(state, times);
    case 'given-up':
      if (state === 'gone') return { state, actions: [] };
      return { state: 'gone', actions: [{ do: 'cancel-timer' }, { do: 'flush' }] };
  }
}

function timeOver(state: RestartState, times: RestartTimes): RestartStep {
  switch (state) {
    case 'stale':
      if (times.longLived === 0) return { state: 'gone', actions: [{ do: 'flush' }] };
      return {
        state: 'long-lived',
        actions: [{ do: 'mark-long-lived' }, { do: 'set-timer', seconds: times.longLived }],
      };
    case 'long-lived':
      return { state: 'gone', actions: [{ do: 'flush' }] };
    case 'refreshing':
      return { state: 'present', actions: [{ do: 'sweep' }] };
    case 'present':
    case 'gone':
      return { state, actions: [] };
  }
}
