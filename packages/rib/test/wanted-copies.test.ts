import fc from 'fast-check';
import t from 'tap';
import { ReplicaList } from '../src/replica-list.ts';
import { WantedCopies } from '../src/wanted-copies.ts';

const number = fc.integer({ min: 0, max: 5 });
const copy = fc.tuple(number, number, number, number);

t.test('copies are wanted until they are listed, and the next destination begins with none', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.array(copy, { maxLength: 40 }), { maxLength: 4 }),
      copy,
      (destinations, asked) => {
        const wanted = new WantedCopies();
        return destinations.every((copies) => {
          if (!wanted.isEmpty) return false;
          for (const each of copies) wanted.add(...each);
          const known = copies.some((each) => each.join() === asked.join());
          if (wanted.has(...asked) !== known || wanted.isEmpty !== (copies.length === 0)) return false;
          const replicas = new ReplicaList();
          wanted.moveTo(replicas, 7);
          const listed: string[] = [];
          replicas.take(7, (...each) => void listed.push(each.join()));
          return listed.reverse().join(' ') === copies.map((each) => each.join()).join(' ');
        });
      },
    ),
  );
  t.pass();
});
