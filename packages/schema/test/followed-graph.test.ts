import t from 'tap';
import type { ConfigEvent } from '../src/config-event.ts';
import type { ConfigObject } from '../src/config-object.ts';
import { FollowedGraph } from '../src/followed-graph.ts';
import { idPerms } from './sample-id-perms.ts';

function domain(uuid: string, name: string, displayName?: string): ConfigObject {
  return {
    type: 'domain',
    uuid,
    fqName: [name],
    parent: undefined,
    properties: displayName === undefined ? {} : { display_name: displayName },
    references: {},
    idPerms,
  };
}

function followed() {
  const failures: unknown[] = [];
  const graph = new FollowedGraph((error) => failures.push(error));
  const events: ConfigEvent[] = [];
  const unfollow = graph.follow((event) => void events.push(event));
  return { graph, events, failures, unfollow };
}

t.test('an object that is taken in, changed and lost is told each time, with what it was', (t) => {
  const { graph, events } = followed();
  graph.take(domain('1', 'a'));
  graph.take(domain('1', 'a', 'A'));
  graph.lose('1');
  t.match(events, [
    { type: 'created', object: { properties: {} } },
    { type: 'updated', before: { properties: {} }, object: { properties: { display_name: 'A' } } },
    { type: 'deleted', object: { properties: { display_name: 'A' } } },
  ]);
  t.equal(graph.graph.get('1'), undefined);
  t.equal(graph.sequence, 3);
  t.end();
});

t.test('what is as it was, and what was not there, is nothing to tell', (t) => {
  const { graph, events } = followed();
  graph.take(domain('1', 'a', 'A'));
  const kept = graph.graph.get('1');
  graph.take(domain('1', 'a', 'A'));
  graph.lose('2');
  t.equal(events.length, 1);
  t.equal(graph.sequence, 1);
  t.equal(graph.graph.get('1'), kept, 'and the object is the same one');
  t.end();
});

t.test('followers see the graph as it is after the event, and each other’s failures do them no harm', (t) => {
  const { graph, failures } = followed();
  const seen: unknown[] = [];
  graph.follow(() => {
    throw new Error('a follower that fails');
  });
  graph.follow(({ object }) => seen.push(graph.graph.byName('domain', object.fqName)?.uuid));
  graph.take(domain('1', 'a'));
  graph.lose('1');
  t.same(seen, ['1', undefined]);
  t.match(failures, [/a follower that fails/, /a follower that fails/]);
  t.end();
});

t.test('who has ended following, and everybody after the end, hears nothing', (t) => {
  const { graph, events, unfollow } = followed();
  const others: ConfigEvent[] = [];
  graph.follow((event) => void others.push(event));
  unfollow();
  graph.take(domain('1', 'a'));
  graph.close();
  graph.take(domain('2', 'b'));
  t.same([events.length, others.length], [0, 1]);
  t.equal(graph.sequence, 2, 'though it is counted');
  t.end();
});
