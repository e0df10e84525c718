/** What every store must do. */
import type { Test } from 'tap';
import type { Change, Reading, Store } from '../src/index.ts';

export async function keepsStoreContract(t: Test, store: Store): Promise<void> {
  const value = async (key: string): Promise<string | undefined> => (await store.read([key]))[0]!.value;
  const put = (key: string, text: string): Promise<number | undefined> =>
    store.commit({ conditions: [{ key, is: 'absent' }], changes: [{ key, value: text }] });

  await t.test('a transaction happens whole or not at all', async (t) => {
    t.type(await put('object/a', '1'), 'number');
    t.equal(await put('object/a', '2'), undefined);
    const both = (expected: string): Promise<number | undefined> =>
      store.commit({
        conditions: [
          { key: 'object/a', is: 'same', value: expected },
          { key: 'object/b', is: 'absent' },
        ],
        changes: [
          { key: 'object/a', value: undefined },
          { key: 'object/b', value: 'ü \u0000 ✓' },
        ],
      });
    t.equal(await both('2'), undefined);
    t.same([await value('object/a'), await value('object/b')], ['1', undefined]);
    t.type(await both('1'), 'number');
    t.same([await value('object/a'), await value('object/b')], [undefined, 'ü \u0000 ✓']);
  });

  await t.test('of many who take one key, one succeeds', async (t) => {
    const taken = await Promise.all(Array.from({ length: 20 }, (_, i) => put('claim/pool/1', String(i))));
    t.equal(taken.filter((revision) => revision !== undefined).length, 1);
  });

  await t.test('a list is in order and complete, and of its prefix alone', async (t) => {
    const names = Array.from({ length: 1200 }, (_, i) => `list/${String(i).padStart(4, '0')}`);
    for (let i = 0; i < names.length; i += 50) {
      const part = names.slice(i, i + 50);
      await store.commit({
        conditions: [{ key: part[0]!, is: 'absent' }],
        changes: part.map((key): Change => ({ key, value: key })),
      });
    }
    await put('lisu', 'behind');
    const { entries, revision } = await store.list('list/');
    t.same(
      entries.map(({ key }) => key),
      names,
    );
    t.ok(revision > 0);
  });

  await t.test('who watches hears of every change in order, with growing revisions', async (t) => {
    const heard: Reading[] = [];
    const end = await store.watch(
      'watch/',
      (changes) => heard.push(...changes),
      () => t.fail('nothing was missed'),
    );
    const revisions = [await put('watch/1', 'one'), await put('elsewhere', 'x'), await put('watch/2', 'two')];
    await store.commit({
      conditions: [{ key: 'watch/1', is: 'same', value: 'one' }],
      changes: [{ key: 'watch/1', value: undefined }],
    });
    for (let i = 0; i < 300 && heard.length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    t.match(heard, [
      { key: 'watch/1', value: 'one', revision: revisions[0] },
      { key: 'watch/2', value: 'two', revision: revisions[2] },
      { key: 'watch/1', value: undefined },
    ]);
    t.ok(heard[2]!.revision > heard[1]!.revision);
    end();
  });
}
