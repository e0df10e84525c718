/** What this process was doing a moment ago, from a profile of itself that goes on all the time. */
import { type Profiler, Session } from 'node:inspector';

/** Microseconds between two looks. */
const INTERVAL = 2000;
/** A function is named when so much of the time was spent in it and in what it called. */
const NAMED_SHARE = 0.3;

export class RunningCode {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
    this.#session.post('Profiler.start');
  }

  /**
   * The functions that most of the last milliseconds were spent in, the outermost first. This takes a fifth of a second itself:
   * the profile begins anew.
   */
  ofLast(milliseconds: number): string[] {
    let profile: Profiler.Profile | undefined;
    this.#session.post('Profiler.stop', (_error, result) => (profile = result?.profile));
    this.#session.post('Profiler.start');
    return profile === undefined ? [] : namesOf(profile, milliseconds * 1000);
  }
}

function namesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, microseconds: number): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const spent = new Map<number, number>();
  let left = microseconds;
  for (let i = samples.length - 1; i >= 0 && left > 0; i--) {
    const delta = timeDeltas[i] ?? 0;
    left -= delta;
    for (let id = samples[i]; id !== undefined; id = callers.get(id))
      spent.set(id, (spent.get(id) ?? 0) + delta);
  }
  const names: string[] = [];
  let children = nodes[0]?.children ?? [];
  for (;;) {
    const next = children.reduce(
      (most, id) => ((spent.get(id) ?? 0) > (spent.get(most) ?? 0) ? id : most),
      -1,
    );
    const node = byId.get(next);
    const share = (spent.get(next) ?? 0) / microseconds;
    if (node === undefined || share < NAMED_SHARE) return names;
    const { functionName, url, lineNumber } = node.callFrame;
    const place = url === '' ? '' : ` ${url.split('/').at(-1)}:${lineNumber + 1}`;
    names.push(`${functionName || '(anonymous)'}${place} ${Math.round(share * 100)} %`);
    children = node.children ?? [];
  }
}
