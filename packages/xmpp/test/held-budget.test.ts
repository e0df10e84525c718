import t from 'tap';
import { HeldBudget, type Holder } from '../src/held-budget.ts';

/** Holders by name, and who was told to go. */
function holders(): { holder(name: string, source: string): Holder; readonly evicted: string[] } {
  const evicted: string[] = [];
  return {
    evicted,
    holder: (name, source) => ({ source, evict: (because) => void evicted.push(`${name}: ${because}`) }),
  };
}

t.test('what is held is counted, and given back', async (t) => {
  const { holder, evicted } = holders();
  const budget = new HeldBudget(100);
  const [one, two] = [holder('one', 'a'), holder('two', 'b')];
  budget.note(one, 60);
  budget.note(two, 40);
  budget.note(one, 10);
  budget.note(two, 90);
  t.equal(budget.held, 100);
  budget.note(one, 0);
  budget.note(one, 0);
  budget.note(two, 0);
  t.equal(budget.held, 0);
  t.same(evicted, []);
});

t.test(
  'of the source that holds most the one that holds most has to go, whoever asks for more',
  async (t) => {
    const { holder, evicted } = holders();
    const budget = new HeldBudget(100);
    const honest = holder('honest', 'a');
    const crowd = [10, 30, 20].map((octets, number) => ({ octets, one: holder(`crowd ${number}`, 'b') }));
    budget.note(honest, 40);
    for (const { one, octets } of crowd) budget.note(one, octets);
    t.same(evicted, []);
    budget.note(honest, 41);
    t.match(evicted, [/^crowd 1: more than 100 octets .* has 30$/]);
    t.equal(budget.held, 71);
    budget.note(honest, 71);
    t.match(evicted[1], /^honest: /, 'now it is the one with most');
    t.equal(budget.held, 30);
  },
);
