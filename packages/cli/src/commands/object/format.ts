/** `-o`: objects on the terminal as tables, names, JSON, YAML, or what a template makes of them. */
import type { ObjectTypeName } from '@vaportrail/schema';
import { Table } from '@vaportrail/show';
import { stringify } from 'yaml';
import { UsageError } from '../../command.ts';
import { nameOf, type Shown } from './api.ts';
import { jsonPathText } from './json-path.ts';
import { objectTable } from './object-table.ts';

const plain = ['json', 'yaml', 'wide', 'name'] as const;
/** These are followed by what they print. */
const templated = ['jsonpath', 'custom-columns'] as const;

export interface Format {
  readonly kind: 'table' | (typeof plain)[number] | (typeof templated)[number];
  /** Of a template. */
  readonly text: string;
}

export const tables: Format = { kind: 'table', text: '' };

/** What `-o` takes. @throws UsageError, before anything is asked */
export function formatOf(text: string): Format {
  const [, word, template = ''] = /^([^=]*)=?([^]*)$/.exec(text)!;
  const kind = templated.find((each) => each === word);
  if (kind !== undefined) {
    if (template === '') throw new UsageError(`-o ${kind}: template format specified but no template given`);
    const format = { kind, text: template };
    // Tried on an object that has nothing.
    new ObjectPrinter(format, false).one('project', { fq_name: [], uuid: '' });
    return format;
  }
  const found = plain.find((each) => each === text);
  if (found !== undefined) return { kind: found, text: '' };
  throw new UsageError(
    `unable to match a printer suitable for the output format "${text}", allowed formats are: ${[...plain, ...templated].toSorted().join(',')}`,
  );
}

type Groups = ReadonlyMap<ObjectTypeName, readonly Shown[]>;

/** Shows objects in one format: all there are, then those that change, one by one. */
export class ObjectPrinter {
  readonly #format: Format;
  readonly #typed: boolean;
  readonly #headings: boolean;
  readonly #tables = new Map<ObjectTypeName, Table<Shown>>();

  /** @param typed names have their type before them, where several types are shown */
  constructor(format: Format, typed: boolean, headings = true) {
    this.#format = format;
    this.#typed = typed;
    this.#headings = headings;
  }

  /** Objects by type; a single one alone, and not in a list. Tables leave out types without objects. */
  all(groups: Groups, single: boolean): string {
    const { kind, text } = this.#format;
    const entries = [...groups];
    const whole = (): object =>
      Object.fromEntries(entries.map(([type, all]) => (single ? [type, all[0]] : [`${type}s`, all])));
    switch (kind) {
      case 'json':
        return `${JSON.stringify(whole(), null, 2)}\n`;
      case 'yaml':
        return stringify(whole());
      case 'name':
        return entries.flatMap(([type, all]) => all.map((one) => `${type}/${nameOf(one)}\n`)).join('');
      case 'jsonpath': {
        const items = entries.flatMap(([, all]) => all);
        // As kubectl has them: the object itself, or `items`; and by their type as JSON has them.
        return jsonPathText(text, single ? { ...items[0], ...whole() } : { ...whole(), items });
      }
      default:
        return entries
          .filter(([, all]) => all.length > 0)
          .map(([type, all]) => `${this.#begun(type, all)}\n`)
          .filter((lines) => lines !== '\n')
          .join('\n');
    }
  }

  /** One that came, changed or went: in a table a row, under those that were shown before it. */
  one(type: ObjectTypeName, object: Shown): string {
    const { kind } = this.#format;
    if (kind !== 'table' && kind !== 'wide' && kind !== 'custom-columns')
      return this.all(new Map([[type, [object]]]), true);
    return `${this.#tables.get(type)?.row(object) ?? this.#begun(type, [object])}\n`;
  }

  /** A table with its first rows. */
  #begun(type: ObjectTypeName, objects: readonly Shown[]): string {
    const { kind, text } = this.#format;
    const table =
      kind === 'custom-columns'
        ? customTable(text)
        : objectTable(type, { wide: kind === 'wide', typed: this.#typed });
    this.#tables.set(type, table);
    const lines = table.text(objects);
    return this.#headings ? lines : lines.slice(lines.indexOf('\n') + 1);
  }
}

/** `NAME:.fq_name[-1],ADDRESS:.floating_ip_address` @throws UsageError */
function customTable(text: string): Table<Shown> {
  return new Table<Shown>(
    text.split(',').map((column) => {
      const [, title, path] = /^([^:]+):(.+)$/.exec(column) ?? [];
      if (title === undefined)
        throw new UsageError(`unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`);
      const template = `{${path!.replace(/^\{(.*)\}$/, '$1').replace(/^(?=[^.[$@])/, '.')}}`;
      return { title, cell: (one: Shown) => jsonPathText(template, one) || '<none>' };
    }),
  );
}
