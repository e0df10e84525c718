/** Tells the story to a person at a terminal: what happens, then what each router itself prints about it. */
import { routesText, type RouteView } from '@vaportrail/show';
import { styleText } from 'node:util';
import type { Lab } from './lab.ts';
import type { PeerPath, Shown } from './peers/peer.ts';
import type { StoryStep, Viewpoint } from './story.ts';
import type { Listener, StepReport, StoryReport } from './tell.ts';

export interface NarratorSettings {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

const INDENT = '    ';

export class Narrator implements Listener {
  readonly #settings: NarratorSettings;
  #ordinal = 0;

  constructor(settings: NarratorSettings) {
    this.#settings = settings;
  }

  /** Who takes part, and at which addresses. */
  opening(lab: Lab): void {
    const { topology, addressing } = lab;
    this.#line(this.#style('bold', `vaportrail lab: ${topology.name}`));
    this.#line();
    const row = (name: string, what: string, address: string): void => {
      const here = addressing.at(address);
      this.#line(
        `  ${name.padEnd(13)} ${what.padEnd(13)} ${address.padEnd(15)}${here === address ? '' : ` here ${here}`}`,
      );
    };
    for (const each of topology['control-nodes']) row(each.name, 'control node', each.address);
    for (const each of topology.nodes) row(each.name, 'compute node', each.address);
    for (const each of topology.gateways) {
      if (lab.peers.some(({ kind }) => kind === each.kind)) row(each.name, each.kind, each.address);
    }
    for (const { kind, because } of lab.missing) {
      this.#line(`  ${this.#style('yellow', `without ${kind}: ${because}`)}`);
    }
    this.#line();
  }

  /** Prints what is about to be done. */
  before(step: StoryStep, lab: Lab): void {
    this.#ordinal += 1;
    this.#line(this.#style('bold', `${String(this.#ordinal).padStart(2)}  ${step.title}`));
    for (const line of wrapped(step.text(lab), this.#settings.width - INDENT.length))
      this.#line(INDENT + line);
  }

  /** Prints whether it held, and what the routers say of it. */
  async after(step: StoryStep, report: StepReport, lab: Lab): Promise<void> {
    // What the routers print helps most when a step failed, so a broken view must not hide it.
    const shown = (
      await Promise.all(step.shows.map((viewpoint) => this.#look(viewpoint, lab).catch(() => [])))
    ).flat();
    for (const { command, output } of shown) {
      this.#line();
      this.#line(`${INDENT}${this.#style('cyan', `$ ${command}`)}`);
      for (const line of output.trimEnd().split('\n'))
        this.#line(`${INDENT}${this.#style('dim', '│')} ${line}`);
    }
    if (step.shows.includes('peers')) {
      this.#line();
      for (const [kind, paths] of Object.entries(report.peers))
        this.#line(INDENT + this.#style('bold', summary(kind, paths)));
    }
    const verdict = report.held
      ? this.#style('green', `✔ seen after ${report.milliseconds} ms`)
      : this.#style('red', `✘ ${report.problem}`);
    this.#line(`${INDENT}${verdict}`);
    this.#line();
  }

  /** Prints how it ended, and where it failed if it did. */
  closing(report: StoryReport): void {
    const failed = report.steps.find(({ held }) => !held);
    if (failed === undefined) {
      this.#line(this.#style('green', `All ${report.steps.length} steps held.`));
    } else {
      this.#line(this.#style('red', `Step "${failed.step}" did not hold: ${failed.problem}`));
    }
    for (const { kind, because } of report.missing) this.#line(`Told without ${kind}: ${because}.`);
  }

  async #look(viewpoint: Viewpoint, lab: Lab): Promise<Shown[]> {
    switch (viewpoint) {
      case 'agent': {
        const { node } = lab.pod(0);
        const { 'external-network': vrf } = lab.service;
        const routes = await lab.agentRoutes(node, vrf);
        return [
          { command: `vaportrail show vrf ${vrf} ${lab.prefix} --from ${node}`, output: routesText(routes) },
        ];
      }
      case 'routing-instance':
        return [shownRoutes(`${lab.network.name}.inet.0`, lab, await lab.instanceRoutes())];
      case 'vpn-table':
        return [shownRoutes('bgp.l3vpn.0', lab, await lab.vpnRoutes())];
      case 'peers':
        return Promise.all(lab.peers.map((peer) => peer.show(lab.prefix)));
    }
  }

  #line(text = ''): void {
    this.#settings.write(`${text}\n`);
  }

  #style(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#settings.color ? styleText(style, text) : text;
  }
}

function shownRoutes(table: string, lab: Lab, routes: readonly RouteView[]): Shown {
  return { command: `vaportrail show routes ${lab.prefix} --table ${table}`, output: routesText(routes) };
}

/** One line about what a peer has: `frr: best 10.169.25.20 label 43; not best 10.169.25.21 label 28 (…)`. */
export function summary(kind: string, paths: readonly PeerPath[]): string {
  if (paths.length === 0) return `${kind}: no path`;
  const all = paths.length > 1 && paths.every((path) => path.multipath);
  return `${kind}: ${paths
    .map((path) => {
      const word = all ? 'multipath' : path.best ? 'best' : 'not best';
      const why = path.reason === null || all || path.best ? '' : ` (${path.reason})`;
      return `${word} ${path.nextHop} label ${path.label}${why}`;
    })
    .join('; ')}`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > Math.max(40, width)) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
