/**
 * `-o jsonpath=TEMPLATE` as kubectl has it: text, `{.a.b[0]}`, `{..name}`, `[*]`, `[-1]`, `[0,2]`, `['a.b']`,
 * `[?(@.port>80)]`, `{"\n"}`, `{range …}…{end}`. JSONPath Plus walks the paths, without evaluating anything; what is around
 * them, and what kubectl writes differently, is done here.
 * @see https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
import { JSONPath } from 'jsonpath-plus';
import { UsageError } from '../../command.ts';

/** A stretch of a path as the library takes it, or a condition on what it leads to. */
type Step = readonly string[] | ((value: unknown) => boolean);
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
  return path.reduce<readonly unknown[]>(
    (values, step) => {
      if (typeof step === 'function') return values.flatMap((each) => found(['*'], each)).filter(step);
      return values.flatMap((each) => found(step, each));
    },
    [value],
  );
}

function found(path: readonly string[], value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return JSONPath<unknown[]>({ path: ['$', ...path], json: value, eval: false });
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
  for (let match = part.exec(template); match !== null; match = part.exec(template)) {
    const [, inside, text, wrong] = match;
    if (wrong !== undefined) throw new UsageError(`jsonpath: "${wrong}" without its other half: ${template}`);
    if (text !== undefined) innermost().push({ text });
    else if (inside!.trim() === 'end') {
      const ended = open.pop()!;
      if (open.length === 0) throw new UsageError(`jsonpath: {end} without {range}: ${template}`);
      innermost().push(ended);
    } else if (/^\s*range\s/.test(inside!))
      open.push({ range: stepsOf(inside!.replace(/^\s*range\s+/, '')), body: [] });
    else if (/^\s*["']/.test(inside!)) innermost().push({ text: quoted(inside!.trim()) });
    else innermost().push({ path: stepsOf(inside!) });
  }
  if (open.length > 1) throw new UsageError(`jsonpath: {range} without {end}: ${template}`);
  return innermost();
}

function quoted(text: string): string {
  try {
    return JSON.parse(text.replaceAll(/^'|'$/g, '"')) as string;
  } catch {
    throw new UsageError(`jsonpath: ${text} is no text between quotes`);
  }
}

/** Some characters stand for something in names as well, with the library: such names are not understood. */
const forms: readonly (readonly [RegExp, (found: RegExpExecArray) => Step])[] = [
  [/^\.\.(?=\[)/, () => ['..']],
  [/^\[\*\]/, () => ['*']],
  [
    /^(\.\.?)(\*|(?:[^.[\]\s\\*;^'"]|\\[^;^'"])+)/,
    ([, dots, name]) => [...(dots === '..' ? ['..'] : []), name === '*' ? name : member(name!)],
  ],
  [/^\[(['"])([^'"\];^]*)\1\]/, ([, , name]) => [member(name!)]],
  [/^\[(-?\d+(?:,-?\d+)*)\]/, ([, list]) => [list!.split(',').map(index).join(',')]],
  [/^\[((?:-?\d+)?:(?:-?\d+)?(?::\d+)?)\]/, ([, span]) => [span!]],
  [
    /^\[\?\(@((?:\.[\w-]+|\['[^']*'\]|\[\d+\])*)\s*(?:([=!<>]=|[<>])\s*("[^"]*"|'[^']*'|[\w.-]+))?\s*\)\]/,
    condition,
  ],
];

/** @throws UsageError that quotes what is not understood */
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

/** A name as it is, whatever it means to the library. */
function member(name: string): string {
  return `\`${name.replaceAll(/\\(.)/g, '$1')}`;
}

/** One from the end is a span of one. */
function index(text: string): string {
  if (!text.startsWith('-')) return text;
  return text === '-1' ? '-1:' : `${text}:${Number(text) + 1}`;
}

const comparisons: Readonly<Record<string, (value: unknown, wanted: string) => boolean>> = {
  '==': (value, wanted) => plain(value) === wanted,
  '!=': (value, wanted) => plain(value) !== wanted,
  '<': (value, wanted) => Number(value) < Number(wanted),
  '<=': (value, wanted) => Number(value) <= Number(wanted),
  '>': (value, wanted) => Number(value) > Number(wanted),
  '>=': (value, wanted) => Number(value) >= Number(wanted),
};

/** What has no such value is left out, as kubectl has it, whatever it is compared with. */
function condition([, path, comparison, literal]: RegExpExecArray): (value: unknown) => boolean {
  const steps = stepsOf(path!);
  const wanted = literal?.replaceAll(/^["']|["']$/g, '') ?? '';
  const holds = comparison === undefined ? () => true : comparisons[comparison]!;
  return (value) => walked(steps, value).some((each) => holds(each, wanted));
}
