/** A question to running daemons: which view answers it, and how the answer is printed. */
import { fetchView, suggestion, type DaemonView } from '@vaportrail/show';
import { exitCode, print, printJson, type Command } from '../../command.ts';
import { endpointsOf, type Target } from '../../endpoint.ts';

/** Options every question takes. */
export interface QuestionOptions {
  readonly from?: string;
  readonly json?: true;
  readonly [option: string]: unknown;
}

export interface Question {
  readonly summary: string;
  /** Daemons that can answer; without `--from` the ones of the first kind that runs are asked. */
  readonly kinds: readonly DaemonView['kind'][];
  /** Adds arguments and options. */
  readonly build?: (command: Command) => void;
  /** The view to fetch, and the parameters of the query. */
  readonly view: (args: readonly (string | undefined)[], options: QuestionOptions) => ViewQuery;
  /** The answer as text for a terminal. */
  readonly text: (answer: never) => string;
  /** The answer to a question for a name. */
  readonly detail?: (answer: never) => string;
  /** What the name in a query names: where nobody has one it is told which there are. */
  readonly named?: string;
}

export interface ViewQuery {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** Adds the subcommand of a question. */
export function addQuestion(parent: Command, name: string, question: Question): void {
  const command = parent.command(name).summary(question.summary).description(`${question.summary}.`);
  command.copyInheritedSettings(parent).exitOverride();
  question.build?.(command);
  command
    .option(
      '--from <daemon>',
      'name of a daemon on this machine, or the address of its views (host:port or URL)',
    )
    .option('--json', 'the view itself, as JSON')
    .action(async (...args: unknown[]) => {
      // Commander passes the arguments, then the options, then the command.
      const options = args.at(-2) as QuestionOptions;
      await ask(question, question.view(args.slice(0, -2) as (string | undefined)[], options), options);
    });
}

async function ask(question: Question, { path, query }: ViewQuery, options: QuestionOptions): Promise<void> {
  const targets = endpointsOf(question.kinds, options.from);
  const answers = await answersOf(targets, path, query);
  const name = query?.['name'];
  if (question.named !== undefined && name !== undefined && answers.every(({ answer }) => isEmpty(answer)))
    throw new Error(await unknownName(question.named, name, path, targets));
  if (options.json === true) {
    // One daemon: its view as it is. Several: each row says whose it is.
    printJson(
      targets.length === 1
        ? answers[0]!.answer
        : answers.flatMap(({ target, answer }) =>
            (answer as object[]).map((row) => ({ daemon: target.name, ...row })),
          ),
    );
    return;
  }
  const inText = (name !== undefined && question.detail) || question.text;
  const told = name === undefined ? answers : answers.filter(({ answer }) => !isEmpty(answer));
  const texts = told.map(({ target, answer }) => {
    const text = inText(answer as never);
    return targets.length === 1 ? text : `${target.name} (${target.kind})\n${text}`;
  });
  print(texts.join('\n\n'));
}

/**
 * What each daemon says. One that does not answer is told of, with exit code 1, and does not keep the others from being shown.
 * @throws FetchViewError when none answers
 */
async function answersOf(
  targets: readonly Target[],
  path: string,
  query: ViewQuery['query'],
): Promise<{ target: Target; answer: unknown }[]> {
  const asked = await Promise.allSettled(
    targets.map(({ url, query: own }) => fetchView<unknown>(url, path, { ...own, ...query })),
  );
  const failed = asked.flatMap((one, index) =>
    one.status === 'rejected' ? [{ name: targets[index]!.name, error: one.reason as unknown }] : [],
  );
  if (failed.length === asked.length) throw failed[0]!.error;
  for (const { name, error } of failed) process.stderr.write(`error: ${name}: ${(error as Error).message}\n`);
  if (failed.length > 0) process.exitCode = exitCode.failed;
  return asked.flatMap((one, index) =>
    one.status === 'fulfilled' ? [{ target: targets[index]!, answer: one.value }] : [],
  );
}

function isEmpty(answer: unknown): boolean {
  return Array.isArray(answer) && answer.length === 0;
}

/** That nobody has one of this name, and which was meant, or which there are. */
async function unknownName(
  what: string,
  name: string,
  path: string,
  targets: readonly Target[],
): Promise<string> {
  const rows = await Promise.all(
    targets.map(({ url, query }) => fetchView<{ name: string }[]>(url, path, query)),
  );
  const known = [...new Set(rows.flat().map((row) => row.name))];
  const meant = suggestion(name, known);
  const hint =
    meant !== undefined
      ? `did you mean "${meant}"?`
      : known.length === 0
        ? 'there is none'
        : `there are ${known.slice(0, MOST_NAMES).join(', ')}${known.length > MOST_NAMES ? ', …' : ''}`;
  return `no ${what} is called "${name}": ${hint}`;
}

/** Names in an error message. */
const MOST_NAMES = 10;
