/** The statements of `policy-options`, as rows of the table of statements. */
import { type Statement, StatementError } from '../statement-row.ts';
import type { WrittenConfig } from '../written-config.ts';

type WrittenPolicies = NonNullable<WrittenConfig['policy-options']>;
type WrittenTerm = NonNullable<WrittenPolicies['policy-statement']>[number]['terms'][number];
type WrittenFrom = NonNullable<WrittenTerm['from']>;
type WrittenThen = Exclude<NonNullable<WrittenTerm['then']>, string>;
type WrittenChange = NonNullable<WrittenThen['community']>;

const TERM = 'policy-options policy-statement NAME term TERM';

/** Rows for communities, terms and what stands in these. */
export const policyStatements: readonly Statement[] = [
  {
    words: 'policy-options community NAME members MEMBER',
    set(config, name, member) {
      const list = (optionsOf(config).community ??= []);
      const known = list.find((one) => one.name === name);
      if (known === undefined) list.push({ name: name!, members: [member!] });
      else known.members = [...listOf(known.members).filter((one) => one !== member), member!];
    },
    delete(config, name, member) {
      const known = optionsOf(config).community?.find((one) => one.name === name);
      if (known === undefined) throw new StatementError(`there is no community "${name}"`);
      known.members = listOf(known.members).filter((one) => one !== member);
    },
    inForce: (config) =>
      (config['policy-options']?.community ?? []).flatMap(({ name, members }) =>
        listOf(members).map((member) => [name, member]),
      ),
  },
  {
    words: 'policy-options community NAME',
    set: () => {
      throw new StatementError('a community needs members: set policy-options community NAME members MEMBER');
    },
    delete(config, name) {
      const options = optionsOf(config);
      if (!options.community?.some((one) => one.name === name))
        throw new StatementError(`there is no community "${name}"`);
      options.community = options.community.filter((one) => one.name !== name);
    },
    inForce: () => [],
  },
  {
    words: 'policy-options policy-statement NAME',
    set: (config, name) => void madeStatement(config, name!),
    delete(config, name) {
      existingStatement(config, name!);
      const options = optionsOf(config);
      options['policy-statement'] = options['policy-statement']!.filter((one) => one.name !== name);
    },
    inForce: () => [],
  },
  {
    words: TERM,
    set: (config, name, term) => void made(config, name!, term!),
    delete(config, name, term) {
      existing(config, name!, term!);
      const statement = existingStatement(config, name!);
      statement.terms = statement.terms.filter((one) => one.name !== term);
    },
    inForce: () => [],
  },
  fromStatement('protocol', 'PROTOCOL'),
  fromStatement('community', 'COMMUNITY'),
  fromStatement('next-hop', 'ADDRESS'),
  fromStatement('neighbor', 'ADDRESS'),
  fromStatement('route-filter', 'PREFIX MATCH'),
  fromStatement('route-filter', 'PREFIX upto LENGTH'),
  thenNumber('local-preference', 'PREFERENCE'),
  thenNumber('metric', 'METRIC'),
  thenCommunity('add'),
  thenCommunity('delete'),
  thenCommunity('set'),
  {
    words: `${TERM} then as-path-prepend ASNS`,
    set: (config, name, term, asns) =>
      void (thenOf(made(config, name!, term!))['as-path-prepend'] = asns!.split(/\s+/)),
    delete: (config, name, term) => void delete thenOf(existing(config, name!, term!))['as-path-prepend'],
    inForce: (config) =>
      terms(config).flatMap(([name, term]) => {
        const asns = listOf(thenOf(term)['as-path-prepend']);
        if (asns.length === 0) return [];
        return [[name, term.name, asns.length === 1 ? String(asns[0]) : `"${asns.join(' ')}"`]];
      }),
  },
  thenAction('accept', 'accept'),
  thenAction('reject', 'reject'),
  thenAction('next policy', 'next-policy'),
];

/** One value of a word behind `from`; several of them are alternatives. */
function fromStatement(word: keyof WrittenFrom, argument: string): Statement {
  const isUpto = argument.includes('upto');
  const textOf = (args: readonly (string | undefined)[]): string =>
    isUpto ? `${args[0]} upto ${args[1]}` : args.join(' ');
  return {
    words: `${TERM} from ${word} ${argument}`,
    set(config, name, term, ...args) {
      const from = (made(config, name!, term!).from ??= {}) as Record<string, string[] | undefined>;
      const text = textOf(args);
      from[word] = [...listOf(from[word]).filter((one) => one !== text), text];
    },
    delete(config, name, term, ...args) {
      const from = (existing(config, name!, term!).from ?? {}) as Record<string, string[] | undefined>;
      const left = listOf(from[word]).filter((one) => one !== textOf(args));
      if (left.length === 0) delete from[word];
      else from[word] = left;
    },
    inForce: (config) =>
      terms(config).flatMap(([name, term]) =>
        listOf((term.from ?? {})[word] as string | string[] | undefined)
          .filter((text) => text.includes(' upto ') === isUpto)
          .map((text) => [name, term.name, ...text.split(' ').filter((part) => part !== 'upto')]),
      ),
  };
}

function thenNumber(word: 'local-preference' | 'metric', argument: string): Statement {
  return {
    words: `${TERM} then ${word} ${argument}`,
    set: (config, name, term, value) => void (thenOf(made(config, name!, term!))[word] = Number(value)),
    delete: (config, name, term) => void delete thenOf(existing(config, name!, term!))[word],
    inForce: (config) =>
      terms(config).flatMap(([name, term]) => {
        const value = thenOf(term)[word];
        return value === undefined ? [] : [[name, term.name, String(value)]];
      }),
  };
}

function thenCommunity(how: keyof WrittenChange): Statement {
  return {
    words: `${TERM} then community ${how} COMMUNITY`,
    set(config, name, term, community) {
      const change = (thenOf(made(config, name!, term!)).community ??= {});
      change[how] = [...listOf(change[how]).filter((one) => one !== community), community!];
    },
    delete(config, name, term, community) {
      const then = thenOf(existing(config, name!, term!));
      const left = listOf(then.community?.[how]).filter((one) => one !== community);
      if (then.community === undefined) return;
      if (left.length === 0) delete then.community[how];
      else then.community[how] = left;
    },
    inForce: (config) =>
      terms(config).flatMap(([name, term]) =>
        listOf(thenOf(term).community?.[how]).map((community) => [name, term.name, community]),
      ),
  };
}

function thenAction(words: string, action: NonNullable<WrittenThen['action']>): Statement {
  return {
    words: `${TERM} then ${words}`,
    set: (config, name, term) => void (thenOf(made(config, name!, term!)).action = action),
    delete: (config, name, term) => void delete thenOf(existing(config, name!, term!)).action,
    inForce: (config) =>
      terms(config).flatMap(([name, term]) => (thenOf(term).action === action ? [[name, term.name]] : [])),
  };
}

function optionsOf(config: WrittenConfig): WrittenPolicies {
  return (config['policy-options'] ??= {});
}

type WrittenStatement = NonNullable<WrittenPolicies['policy-statement']>[number];

function existingStatement(config: WrittenConfig, name: string): WrittenStatement {
  const known = optionsOf(config)['policy-statement']?.find((one) => one.name === name);
  if (known === undefined) throw new StatementError(`there is no policy-statement "${name}"`);
  return known;
}

function madeStatement(config: WrittenConfig, name: string): WrittenStatement {
  const list = (optionsOf(config)['policy-statement'] ??= []);
  const known = list.find((one) => one.name === name);
  if (known !== undefined) return known;
  const statement: WrittenStatement = { name, terms: [] };
  list.push(statement);
  return statement;
}

function existing(config: WrittenConfig, name: string, term: string): WrittenTerm {
  const known = existingStatement(config, name).terms.find((one) => one.name === term);
  if (known === undefined)
    throw new StatementError(`there is no term "${term}" in policy-statement "${name}"`);
  return known;
}

function made(config: WrittenConfig, name: string, term: string): WrittenTerm {
  const { terms: list } = madeStatement(config, name);
  const known = list.find((one) => one.name === term);
  if (known !== undefined) return known;
  const fresh: WrittenTerm = { name: term };
  list.push(fresh);
  return fresh;
}

/** What a term does, written out. */
function thenOf(term: WrittenTerm): WrittenThen {
  const { then } = term;
  if (typeof then === 'object') return then;
  const written: WrittenThen = then === undefined ? {} : { action: then };
  term.then = written;
  return written;
}

function terms(config: WrittenConfig): [statement: string, term: WrittenTerm][] {
  return (config['policy-options']?.['policy-statement'] ?? []).flatMap(({ name, terms: list }) =>
    list.map((term): [string, WrittenTerm] => [name, term]),
  );
}

function listOf<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
