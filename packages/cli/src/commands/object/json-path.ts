/**
 * `-o jsonpath=TEMPLATE` as kubectl has it, without recursive descent and functions: text, `{.a.b[0]}`, `[*]`, `[-1]`,
 * `['a.b']`, `[?(@.a=="b")]`, `{"\n"}`, `{range …}…{end}`.
 * @see https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
import { UsageError } from '../../command.ts';

/** What a step makes of one value: any number of others. */
type Step = (value: unknown) => readonly unknown[];
type Piece =
  | { readonly text: string }
  | { readonly path: readonly Step[] }
  | { readonly range: readonly Step[]; readonly body: readonly Piece[] };

/** The text of a template for a value. What is not there is nothing. @throws UsageError for a template that is none */
export function jsonPathText(template: string, value: unknown): string {
  return textOf(piecesOf(template), value);
}

function textOf(pieces: readonly Piece[], value: unknown): string {
  return pieces
    .map((piece) => {
      if ('text' in piece) return piece.text;
      if ('path' in piece) return walked(piece.path, value).map(plain).join(' ');
      return walked(piece.range, value)
        .map((each) => textOf(piece.body, each))
        .join('');
    })
    .join('');
}

function walked(path: readonly Step[], value: unknown): readonly unknown[] {
  return path.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [value]);
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function piecesOf(template: string): Piece[] {
  // The last is the innermost range that has not ended.
  const open: { readonly range: readonly Step[]; readonly body: Piece[] }[] = [{ range: [], body: [] }];
  const innermost = (): Piece[] => open.at(-1)!.body;
  // A brace within quotes ends nothing.
  const part = /\{((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^{}"'])*)\}|([^{}]+)|([^])/y;
  for (let found = part.exec(template); found !== null; found = part.exec(template)) {
    const [, inside, text, wrong] = found;
    if (wrong !== undefined) throw new UsageError(`jsonpath: "${wrong}" without its other half: ${template}`);
    if (text !== undefined) innermost().push({ text });
    else if (inside!.trim() === 'end') {
      const ended = open.pop()!;
      if (open.length === 0) throw new UsageError(`jsonpath: {end} without {range}: ${template}`);
      innermost().push(ended);
    } else if (/^\s*range\s/.test(inside!))
      open.push({ range: stepsOf(inside!.replace(/^\s*range\s+/, '')), body: [] });
    else if (/^\s*"/.test(inside!)) innermost().push({ text: quoted(inside!.trim()) });
    else innermost().push({ path: stepsOf(inside!) });
  }
  if (open.length > 1) throw new UsageError(`jsonpath: {range} without {end}: ${template}`);
  return innermost();
}

function quoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new UsageError(`jsonpath: ${text} is no text between quotes`);
  }
}

const forms: readonly (readonly [RegExp, (found: RegExpExecArray) => Step])[] = [
  [/^(?:\.\*|\[\*\])/, () => all],
  [/^\.((?:[^.[\]\s\\]|\\.)+)/, ([, name]) => member(name!.replaceAll(/\\(.)/g, '$1'))],
  [/^\['([^']*)'\]/, ([, name]) => member(name!)],
  [/^\["([^"]*)"\]/, ([, name]) => member(name!)],
  [
    /^\[(-?\d+)\]/,
    ([, index]) =>
      (value) =>
        listOf(value).slice(...spanOf(Number(index))),
  ],
  [
    /^\[(-?\d+)?:(-?\d+)?\]/,
    ([, from, to]) =>
      (value) =>
        listOf(value).slice(from === undefined ? 0 : Number(from), to === undefined ? undefined : Number(to)),
  ],
  [/^\[\?\(@((?:\.[\w-]+|\[\d+\])+)\s*(?:(==|!=)\s*("[^"]*"|'[^']*'|[\w.-]+))?\s*\)\]/, filter],
];

function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  let rest = text.trim().replace(/^[$@]/, '');
  if (rest === '.') return steps;
  while (rest !== '') {
    const match = forms.flatMap(([form, meaning]) => {
      const found = form.exec(rest);
      return found === null ? [] : [{ step: meaning(found), length: found[0].length }];
    })[0];
    if (match === undefined) throw new UsageError(`jsonpath: {${text}}: "${rest}" is not understood`);
    steps.push(match.step);
    rest = rest.slice(match.length);
  }
  return steps;
}

function filter([, path, comparison, wanted]: RegExpExecArray): Step {
  const steps = stepsOf(path!);
  const text = wanted?.replaceAll(/^["']|["']$/g, '');
  return (value) =>
    all(value).filter((each) => {
      const found = walked(steps, each);
      if (comparison === undefined) return found.length > 0;
      return found.some((one) => plain(one) === text) === (comparison === '==');
    });
}

function all(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function member(name: string): Step {
  return (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
      ? [(value as Record<string, unknown>)[name]]
      : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function spanOf(index: number): [number, number | undefined] {
  return [index, index === -1 ? undefined : index + 1];
}
