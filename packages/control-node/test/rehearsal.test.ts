// The rehearsal of a control node: it passes routes on, and it is over when it should be.
import t from 'tap';
import { rehearse } from '../src/rehearsal.ts';

t.test('all changes are passed on, and nothing is left behind', async (t) => {
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
  const before = sockets();
  t.equal(await rehearse(120_000), 8 * 300);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(sockets(), before, 'no socket is open');
});

t.test('when the time is over it stops in the middle', async (t) => {
  t.ok((await rehearse(1)) < 8 * 300);
});
