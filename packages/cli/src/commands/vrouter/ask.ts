/** Asks one agent for a table of its vRouter, as the vRouter's own commands do on the node itself. */
import { fetchView } from '@vaportrail/show';
import { UsageError, print, printJson, type Command } from '../../command.ts';
import { endpointOf } from '../../endpoint.ts';

/** Options every command of a vRouter takes here. */
export interface VrouterOptions {
  readonly from?: string;
  readonly json?: true;
}

/** Adds the options that tell which agent to ask, and in which form to answer. */
export function addVrouterOptions(command: Command): Command {
  return command
    .option('--from <agent>', 'name of an agent on this machine, or the address of its views')
    .option('--json', 'the view itself, as JSON');
}

/** The view of the one agent that is meant. @throws UsageError when several run and none is named */
export function askAgent<T>(
  { from }: VrouterOptions,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<T> {
  const target = endpointOf(['agent'], from);
  return fetchView<T>(target.url, path, { ...target.query, ...query });
}

/** Prints a view, or what it looks like. */
export function show<T>({ json }: VrouterOptions, view: T, text: (view: T) => string): void {
  if (json === true) printJson(view);
  else print(text(view));
}

/** A number written as an argument. @throws UsageError when it is none */
export function numberOf(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not ${what}`);
}
