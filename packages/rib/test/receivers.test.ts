import fc from 'fast-check';
import t from 'tap';
import { NOBODY, Receivers } from '../src/receivers.ts';

const someMembers = fc.uniqueArray(fc.nat({ max: 80 }), { maxLength: 12 });

t.test('sets of members combine as sets do, and equal sets have one number', async () => {
  fc.assert(
    fc.property(someMembers, someMembers, (a, b) => {
      const receivers = new Receivers();
      const [left, right] = [receivers.of(a), receivers.of(b)];
      const expect = (members: Iterable<number>): number => receivers.of(members);
      return (
        receivers.union(left, right) === expect(new Set([...a, ...b])) &&
        receivers.intersection(left, right) === expect(a.filter((member) => b.includes(member))) &&
        receivers.minus(left, right) === expect(a.filter((member) => !b.includes(member))) &&
        a.every((member) => receivers.has(left, member)) &&
        (a.length > 0 || left === NOBODY)
      );
    }),
  );
});

t.test('an erased member is in no set any more, and its number can be given to another one', async (t) => {
  const receivers = new Receivers();
  const both = receivers.of([1, 40]);
  const alone = receivers.of([40]);
  receivers.erase(40);
  t.same(receivers.members(both), [1]);
  t.same(receivers.members(alone), []);
  t.same(receivers.members(receivers.of([1, 40])), [1, 40]);
  t.same(receivers.members(both), [1], 'sets from before stay without it');
});

t.test('renumbering keeps the sets it is told to keep', async (t) => {
  const receivers = new Receivers();
  const kept = receivers.of([3, 4]);
  for (let i = 0; i < 100; i++) receivers.of([i, i + 1, i + 2]);
  let renumbered = 0;
  receivers.renumber((save) => {
    renumbered = save(kept);
  });
  t.same(receivers.members(renumbered), [3, 4]);
  t.equal(receivers.of([3, 4]), renumbered);
});

t.test('sets pile up to some thousand, or to a few times what was left of them the last time', async (t) => {
  const receivers = new Receivers();
  const fill = (count: number): number[] => Array.from({ length: count }, (_, i) => receivers.of([i, i + 1]));
  let sets = fill(1000);
  t.notOk(receivers.isCrowded);
  sets = fill(2000);
  t.ok(receivers.isCrowded);
  receivers.renumber((save) => (sets = sets.map(save)));
  t.notOk(receivers.isCrowded, 'all of them are in use');
  sets = fill(9000);
  t.ok(receivers.isCrowded);
  receivers.renumber(() => {});
  fill(1000);
  t.notOk(receivers.isCrowded);
  fill(2000);
  t.ok(receivers.isCrowded, 'none was in use');
});
