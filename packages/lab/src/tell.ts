/** Performs the story on a running lab: acts, waits until what must be seen is seen, and reports each step. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MissingPeer } from './gateways.ts';
import type { Lab } from './lab.ts';
import type { PeerPath } from './peers/peer.ts';
import { story, type Seen, type StoryStep } from './story.ts';

/** How long a step may take until all of it is seen. */
const STEP_MILLISECONDS = 15_000;
/** Pause between two looks. */
const LOOK_MILLISECONDS = 40;

export interface StepReport {
  readonly step: string;
  readonly title: string;
  readonly held: boolean;
  /** From the act until everything was seen. */
  readonly milliseconds: number;
  /** What did not hold; only when `held` is false. */
  readonly problem?: string;
  /** What each peer had, by its kind. */
  readonly peers: Readonly<Record<string, readonly PeerPath[]>>;
}

export interface StoryReport {
  readonly topology: string;
  readonly held: boolean;
  readonly steps: readonly StepReport[];
  readonly peers: Readonly<Record<string, string>>;
  readonly missing: readonly MissingPeer[];
}

/** Somebody who listens while the story is told. */
export interface Listener {
  before?(step: StoryStep, lab: Lab): void | Promise<void>;
  after?(step: StoryStep, report: StepReport, lab: Lab): void | Promise<void>;
}

export interface TellSettings {
  readonly listener?: Listener;
  /** Milliseconds a step may take. */
  readonly limit?: number;
  /** Aborted when nobody wants to hear the rest. */
  readonly signal?: AbortSignal;
}

/** Tells the story to its end, or to the first step that does not hold; yields undefined when it was interrupted. */
export async function tell(lab: Lab, settings: TellSettings = {}): Promise<StoryReport | undefined> {
  const { listener = {}, limit = STEP_MILLISECONDS, signal } = settings;
  const steps: StepReport[] = [];
  for (const step of story) {
    await listener.before?.(step, lab);
    const report = await perform(step, lab, limit, signal);
    if (report === undefined) return undefined;
    steps.push(report);
    await listener.after?.(step, report, lab);
    if (!report.held) break;
  }
  return {
    topology: lab.topology.name,
    held: steps.every(({ held }) => held) && steps.length === story.length,
    steps,
    peers: Object.fromEntries(lab.peers.map(({ kind, title }) => [kind, title])),
    missing: lab.missing,
  };
}

async function perform(
  step: StoryStep,
  lab: Lab,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<StepReport | undefined> {
  const began = performance.now();
  const elapsed = (): number => Math.round(performance.now() - began);
  const report = (seen: Seen | undefined, problem: string | undefined): StepReport => ({
    step: step.step,
    title: step.title,
    held: problem === undefined,
    milliseconds: elapsed(),
    ...(problem === undefined ? {} : { problem }),
    peers: Object.fromEntries([...(seen?.peers ?? [])].map(([{ kind }, paths]) => [kind, paths])),
  });
  let seen: Seen | undefined;
  let problem: string | undefined;
  try {
    await step.act?.(lab);
    while (signal?.aborted !== true) {
      seen = await lab.look();
      problem = step.problem(seen, lab);
      if (problem === undefined) return report(seen, undefined);
      if (elapsed() > limit) return report(seen, `${problem} (after ${Math.round(limit / 1000)} s)`);
      await sleep(LOOK_MILLISECONDS);
    }
    return undefined;
  } catch (error) {
    return report(seen, (error as Error).message);
  }
}
