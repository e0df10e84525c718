import t from 'tap';
import { clearedView, serveClear, type SoftReset } from '../src/clear.ts';
import { postAction } from '../src/client.ts';
import { ViewServer } from '../src/server.ts';

t.test('neighbors are cleared by name and address, and only those there are', async (t) => {
  const cleared: string[] = [];
  const neighbor = (name: string, address: string, families: string[]) => ({
    name,
    address,
    clear(soft: SoftReset | undefined) {
      const view = clearedView(name, soft, 'Active', families);
      cleared.push(`${name} ${soft ?? 'hard'}`);
      return view;
    },
  });
  const neighbors = [neighbor('camaro', '10.0.0.1', ['inet-vpn']), neighbor('frr', '10.0.0.2', [])];
  const server = serveClear(new ViewServer(), () => neighbors);
  t.teardown(() => server.close());
  await server.listen();
  const clear = (body: unknown): Promise<unknown> => postAction(server.url!, '/clear', body);
  t.same(await clear({ neighbor: 'camaro', soft: 'in' }), [
    { neighbor: 'camaro', soft: 'in', families: ['inet-vpn'] },
  ]);
  t.same(await clear({ neighbor: '10.0.0.2' }), [{ neighbor: 'frr' }]);
  t.same(cleared, ['camaro in', 'frr hard']);
  await t.rejects(clear({ neighbor: 'camaros' }), /no neighbor is called "camaros": did you mean "camaro"\?/);
  await t.rejects(
    clear({ neighbor: 'frr', soft: 'out' }),
    /frr cannot be cleared softly: the session is Active/,
  );
  await t.rejects(clear({ neighbor: 'frr', soft: 'both' }), /expected \{ "neighbor"/);
  await t.rejects(clear({}), /expected \{ "neighbor"/);
  t.equal((await fetch(`${server.url}/clear`)).status, 405, 'asking alone changes nothing');
  t.same(cleared.length, 2);
});
