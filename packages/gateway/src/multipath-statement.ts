/**
 * `routing-options multipath` of an instance, which is for IPv4, and `routing-options rib NAME.inet6.0 multipath`, which
 * is the same for IPv6.
 */
import { type Statement, StatementError } from './statement-row.ts';
import type { WrittenConfig, WrittenInstance } from './written-config.ts';
import { existing, instances, made, optionsOf } from './written-instance.ts';

type Knob = 'vpn-unequal-cost' | 'equal-external-internal';
type WrittenKnob = NonNullable<WrittenInstance['routing-options']>['multipath'];

/** What holds the knob: the options of the instance, or those of one of its tables. */
interface Place {
  /** In front of `multipath`. */
  readonly words: string;
  /** The arguments that name it, for an instance. */
  args(instance: WrittenInstance): readonly string[];
  /** @throws StatementError when the instance has no such table */
  holder(instance: WrittenInstance, rib: string | undefined): { multipath?: WrittenKnob };
}

const IPV6_TABLE = 'inet6.0';

const places: readonly Place[] = [
  {
    words: 'routing-instances NAME routing-options',
    args: ({ name }) => [name],
    holder: (instance) => optionsOf(instance),
  },
  {
    words: 'routing-instances NAME routing-options rib RIB',
    args: ({ name }) => [name, `${name}.${IPV6_TABLE}`],
    holder(instance, rib) {
      const table = `${instance.name}.${IPV6_TABLE}`;
      if (rib !== table) throw new StatementError(`"${rib}" is not ${table}, which the statement is for`);
      const ribs = (optionsOf(instance).rib ??= {});
      return (ribs[IPV6_TABLE] ??= {});
    },
  },
];

/** `multipath` with each of its options, at each of its places. */
export const multipathStatements: readonly Statement[] = places.flatMap((place) => [
  statement(place, []),
  statement(place, ['vpn-unequal-cost']),
  statement(place, ['vpn-unequal-cost', 'equal-external-internal']),
]);

/** The words behind `multipath` in force; undefined when there is no multipath. */
function wordsOf(knob: WrittenKnob): Knob[] | undefined {
  if (knob === undefined || knob === false) return undefined;
  if (knob === true) return [];
  if (knob === 'vpn-unequal-cost') return ['vpn-unequal-cost'];
  return (['vpn-unequal-cost', 'equal-external-internal'] as const).filter((name) => knob[name] === true);
}

function written(words: Iterable<Knob>): WrittenKnob {
  const all = [...words];
  return all.length === 0 ? true : Object.fromEntries(all.map((word) => [word, true]));
}

function statement({ words, args, holder }: Place, path: readonly Knob[]): Statement {
  return {
    words: [words, 'multipath', ...path].join(' '),
    set(config, name, rib) {
      const at = holder(made(config, name!), rib);
      at.multipath = written(new Set([...(wordsOf(at.multipath) ?? []), ...path]));
    },
    delete(config, name, rib) {
      const at = holder(existing(config, name!), rib);
      if (path.length === 0) {
        at.multipath = false;
        return;
      }
      const known = wordsOf(at.multipath);
      if (known === undefined) throw new StatementError(`there is no multipath in "${rib ?? name}"`);
      at.multipath = written(known.slice(0, path.length - 1));
    },
    inForce: (config: WrittenConfig) =>
      instances(config)
        .filter((instance) => {
          const [, rib] = args(instance);
          return wordsOf(holder(structuredClone(instance), rib).multipath)?.join(' ') === path.join(' ');
        })
        .map(args),
  };
}
