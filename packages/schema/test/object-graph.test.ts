import t from 'tap';
import type { ConfigObject } from '../src/config-object.ts';
import { ObjectGraph } from '../src/object-graph.ts';
import { idPerms } from './sample-id-perms.ts';

/** A node with workloads. */
function router(name: string, ...machines: string[]): ConfigObject {
  return {
    type: 'virtual-router',
    uuid: 'router',
    fqName: ['default', name],
    parent: undefined,
    properties: {},
    references: { 'virtual-machine': machines.map((uuid) => ({ uuid, attr: null })) },
    idPerms,
  };
}

t.test('an object that changes is referred from where it says now, and under its name of now', (t) => {
  const graph = new ObjectGraph();
  graph.put(router('one', 'a', 'b'));
  graph.put(router('one', 'b', 'c'));
  const who = (uuid: string): string[] => graph.referrers(uuid).map((object) => object.uuid);
  t.same([who('a'), who('b'), who('c')], [[], ['router'], ['router']]);
  t.equal(graph.isReferredTo('b', 'virtual-router'), true);
  t.equal(graph.isReferredTo('b', 'floating-ip'), false);
  t.equal(graph.isReferredTo('a', 'virtual-router'), false);
  graph.put({ ...router('one'), references: {} });
  t.same(who('b'), [], 'a list that is gone altogether');
  graph.put(router('two', 'd'));
  t.equal(graph.byName('virtual-router', ['default', 'one']), undefined);
  t.equal(graph.byName('virtual-router', ['default', 'two'])?.uuid, 'router');
  t.equal([...graph.ofType('virtual-router')].length, 1);
  graph.remove('router');
  t.same([who('d'), graph.size], [[], 0]);
  t.end();
});
