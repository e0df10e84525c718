import { ObjectGraph, type ConfigObject } from '@vaportrail/schema';
import t from 'tap';
import { creation, referenceUpdate, removal, update } from '../src/requested-write.ts';

/** A graph with what a write on it leaves. */
function graphOf(...writes: readonly ReturnType<typeof creation>[]): ObjectGraph {
  const graph = new ObjectGraph();
  for (const write of writes) graph.put(graph.compact(write(graph).after!));
  return graph;
}

const domain = creation('domain', { fqName: ['default-domain'] });

function named(graph: ObjectGraph, type: ConfigObject['type'], ...fqName: readonly string[]): ConfigObject {
  return graph.named(type, fqName);
}

t.test('a creation is checked when it is asked for, and held against the graph when it is decided', (t) => {
  t.throws(() => creation('domain', { fqName: [] }), { message: /^fq_name must be/ });
  t.throws(() => creation('domain', { fqName: ['d'], properties: { colour: 'red' } }), {
    name: 'ConfigRequestError',
    message: /colour/,
  });
  const graph = graphOf(domain);
  t.throws(() => domain(graph), { message: /^the UUID .* is taken$/ });
  t.throws(() => creation('domain', { fqName: ['default-domain'] })(graph), {
    message: /domains "default-domain" already exists/,
  });
  t.throws(() => creation('project', { fqName: ['default-domain', 'p'] })(graph), {
    name: 'ConfigRequestError',
    message: 'a project needs a parent: domain',
  });
  const { uuid } = named(graph, 'domain', 'default-domain');
  const { after } = creation('project', {
    fqName: ['default-domain', 'p'],
    parent: { type: 'domain', uuid },
  })(graph);
  t.match(after, { type: 'project', parent: { type: 'domain', uuid }, properties: {}, references: {} });
  t.match(after!.idPerms, { created: /^\d{4}-\d\d-\d\dT[\d:.]{12}$/, enable: true });
  t.equal(after!.idPerms.created, after!.idPerms.last_modified);
  t.end();
});

t.test('an update checks what it changes, and leaves the rest as it is, part for part', (t) => {
  const graph = graphOf(
    creation('virtual-machine', {
      fqName: ['vm'],
      properties: {
        server_type: 'container',
        annotations: { key_value_pair: [{ key: 'owner', value: 'k8s' }] },
      },
    }),
  );
  const { uuid, properties } = named(graph, 'virtual-machine', 'vm');
  const write = update('virtual-machine', uuid, { properties: { display_name: 'one', server_type: null } });
  const { before, after } = write(graph);
  t.equal(before, graph.get(uuid));
  t.same(after!.properties, { annotations: properties['annotations'], display_name: 'one' });
  t.equal(after!.properties['annotations'], properties['annotations'], 'the same object');
  t.notOk('server_type' in after!.properties, 'null stands for absent');
  t.equal(graph.compact(after!).properties['annotations'], properties['annotations']);
  const nothing = update('virtual-machine', uuid, {})(graph).after!;
  t.equal(nothing.properties, properties);
  t.equal(graph.compact(nothing).properties, properties);
  t.throws(() => update('virtual-machine', uuid, { properties: { colour: 'red' } })(graph), {
    message: /colour/,
  });
  t.throws(() => update('virtual-machine', 'none', {})(graph), {
    message: /virtual-machines "none" not found/,
  });
  t.end();
});

t.test('one reference comes or goes, and the others stay', (t) => {
  const machine = (name: string): ReturnType<typeof creation> =>
    creation('virtual-machine', { fqName: [name] });
  const system = creation('global-system-config', { fqName: ['system'] });
  const graph = graphOf(system, machine('a'), machine('b'));
  const [a, b] = ['a', 'b'].map((name) => named(graph, 'virtual-machine', name).uuid);
  const parent = {
    type: 'global-system-config' as const,
    uuid: named(graph, 'global-system-config', 'system').uuid,
  };
  graph.put(creation('virtual-router', { fqName: ['system', 'node'], parent })(graph).after!);
  const { uuid } = named(graph, 'virtual-router', 'system', 'node');
  const change = (target: string, operation: 'ADD' | 'DELETE', attr: unknown = null): readonly unknown[] => {
    const write = referenceUpdate('virtual-router', uuid, {
      target: 'virtual-machine',
      uuid: target,
      operation,
      attr,
    });
    graph.put(write(graph).after!);
    return graph.known('virtual-router', uuid).references['virtual-machine']!.map((one) => one.uuid);
  };
  t.same(change(a!, 'ADD'), [a]);
  t.same(change(b!, 'ADD'), [a, b]);
  t.same(change(a!, 'ADD'), [b, a], 'one that is there is replaced');
  t.same(change(a!, 'DELETE'), [b]);
  t.same(change(a!, 'DELETE'), [b], 'one that is not there need not go');
  t.throws(
    () => change(uuid, 'ADD'),
    { message: /^virtual-machines ".*" not found$/ },
    'no machine has that UUID',
  );
  t.throws(() => change(a!, 'ADD', { colour: 'red' }), { message: /^virtual-router to virtual-machine/ });
  t.same(removal('virtual-machine', a!)(graph), { before: graph.get(a!) });
  t.throws(() => removal('virtual-machine', uuid)(graph), { message: /^virtual-machines ".*" not found$/ });
  t.end();
});
