import t from 'tap';
import { isBefore, ObjectCopy } from '../src/object-copy.ts';
import { keptLog, raw } from './sample-api-server.ts';

function copyOf(...items: readonly unknown[]) {
  const { log, warnings } = keptLog();
  const copy = new ObjectCopy('Service', log);
  for (const item of items) copy.put(item);
  return { copy, warnings };
}

t.test('of a whole list only what differs is news, and what is not in it is gone', async (t) => {
  const { copy } = copyOf(raw('a', '1'), raw('b', '2'), raw('c', '3'));
  const all = new Map(
    [raw('a', '1'), raw('b', '4')].map((item) => {
      const one = copy.read(item, new Set())!;
      return [`Service ns/${one.object.metadata.name}`, one];
    }),
  );
  const { gone, news } = copy.replace(all, new Set());
  t.same(gone, ['Service ns/c']);
  t.same(
    news.map(({ object }) => object.metadata.resourceVersion),
    ['4'],
  );
});

t.test(
  'an object of the same version with another content is news: histories have versions alike',
  async (t) => {
    const { copy } = copyOf(raw('a', '1'));
    const other = copy.read(raw('a', '1', { clusterIP: '10.96.0.9' }), new Set())!;
    const { news } = copy.replace(new Map([['Service ns/a', other]]), new Set());
    t.same(news, [other]);
  },
);

t.test('what cannot be read is told, and stays what it was through a whole list', async (t) => {
  const { copy, warnings } = copyOf(raw('a', '1'));
  const unreadable = new Set<string>();
  t.equal(copy.read(raw('a', '2', { ports: [{ port: 0 }] }), unreadable), undefined);
  t.same([...unreadable], ['Service ns/a']);
  t.same(warnings, ['Service ns/a: spec.ports.0.port: must be 1 to 65535']);
  t.same(copy.replace(new Map(), unreadable), { gone: [], news: [] });
  t.same(copy.replace(new Map(), new Set()), { gone: ['Service ns/a'], news: [] });
});

t.test('one object agrees that is as it was told, or that has changed since', async (t) => {
  const { copy } = copyOf(raw('a', '4'));
  t.ok(copy.agrees(raw('a', '4'), '5'));
  t.ok(copy.agrees(raw('a', '6'), '5'), 'the next watch will tell');
  t.notOk(copy.agrees(raw('a', '3'), '5'), 'an earlier state of it');
  t.notOk(copy.agrees(raw('a', '4', {}, { uid: 'another' }), '5'), 'another of that name');
  t.notOk(copy.agrees(raw('b', '2'), '5'), 'one that nobody told of');
  t.ok(copy.agrees({ metadata: {} }, '5'), 'nothing can be said');
});

t.test('a deletion is of what is there', async (t) => {
  const { copy } = copyOf(raw('a', '1'));
  t.equal(copy.remove(raw('b', '2')), undefined);
  t.equal(copy.remove(null), undefined);
  t.equal(copy.remove(raw('a', '3')), 'Service ns/a');
  t.equal(copy.remove(raw('a', '3')), undefined);
});

t.test('versions are compared as numbers of any size, and nothing is said of others', async (t) => {
  t.ok(isBefore('9', '10'));
  t.ok(isBefore('9007199254740992', '9007199254740993'));
  t.notOk(isBefore('10', '9'));
  t.notOk(isBefore(undefined, '9'));
  t.notOk(isBefore('abc', '9'));
});
