import fc from 'fast-check';
import t from 'tap';
import { Relation } from '../src/relation.ts';

t.test('a relation holds what sets of partners would, in the order in which they came', async () => {
  const text = fc.constantFrom('a', 'b');
  const partner = fc.integer({ min: 0, max: 30 }).map(String);
  const step = fc.record({ adds: fc.boolean(), text, partner });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const relation = new Relation();
      const sets = new Map<string, Set<string>>([
        ['a', new Set()],
        ['b', new Set()],
      ]);
      for (const { adds, text: from, partner: to } of steps) {
        if (adds) relation.add(from, to);
        else relation.delete(from, to);
        if (adds) sets.get(from)!.add(to);
        else sets.get(from)!.delete(to);
        for (const [each, set] of sets) {
          if (relation.has(each) !== set.size > 0) return false;
          if ([...relation.of(each)].join() !== [...set].join()) return false;
        }
      }
      return true;
    }),
  );
});

t.test('what was read before a change stays what it was', (t) => {
  const relation = new Relation();
  for (const partner of ['x', 'y', 'z']) relation.add('a', partner);
  const before = relation.of('a');
  relation.add('a', 'w');
  relation.delete('a', 'x');
  t.same([...before], ['x', 'y', 'z']);
  t.same([...relation.of('a')], ['y', 'z', 'w']);
  t.end();
});
