import type { ObjectTypeName } from '@vaportrail/schema';
import t from 'tap';
import { UsageError } from '../src/command.ts';
import { formatOf, ObjectPrinter, tables } from '../src/commands/object/format.ts';
import type { Shown } from '../src/commands/object/api.ts';

const blue: Shown = { fq_name: ['d', 'p', 'blue'], uuid: '1', name: 'blue', virtual_network_network_id: 4 };
const red: Shown = {
  fq_name: ['d', 'p', 'red'],
  uuid: '2',
  name: 'red',
  route_target_list: { route_target: ['target:64512:7'] },
};
const networks = new Map<ObjectTypeName, Shown[]>([['virtual-network', [blue, red]]]);

t.test('custom columns are JSONPaths under titles, <none> where there is nothing', async (t) => {
  const format = formatOf('custom-columns=NAME:.name,RT:{.route_target_list.route_target[0]},U:uuid');
  t.equal(
    new ObjectPrinter(format, false).all(networks, false),
    'NAME  RT              U\nblue  <none>          1\nred   target:64512:7  2\n',
  );
});

t.test('headings can be left out', async (t) => {
  const printer = new ObjectPrinter(tables, false, false);
  t.equal(printer.all(networks, false), 'blue   4\nred       target:64512:7\n');
  t.equal(
    printer.one('virtual-network', { ...red, virtual_network_network_id: 5 }),
    'red    5  target:64512:7\n',
  );
  t.equal(new ObjectPrinter(tables, false, false).all(new Map([['project', []]]), false), '');
});

t.test('names have their type before them where several types are asked for', async (t) => {
  const project: Shown = { fq_name: ['d', 'p'], uuid: '3' };
  const printer = new ObjectPrinter(tables, true);
  t.equal(
    printer.all(
      new Map<ObjectTypeName, Shown[]>([['project', [project]], ['domain', []], ...networks]),
      false,
    ),
    'NAME\nproject/p\n\nNAME                  ID  ROUTE TARGETS\nvirtual-network/blue   4\nvirtual-network/red       target:64512:7\n',
  );
  t.equal(printer.one('project', project), 'project/p\n');
  t.equal(printer.one('domain', { fq_name: ['d'], uuid: '4' }), 'NAME\ndomain/d\n', 'the first of its type');
});

t.test('what is no format is refused before anything is asked', async (t) => {
  for (const [text, message] of [
    [
      'xml',
      'unable to match a printer suitable for the output format "xml", allowed formats are: custom-columns,json,jsonpath,name,wide,yaml',
    ],
    ['jsonpath', '-o jsonpath: template format specified but no template given'],
    ['jsonpath=', '-o jsonpath: template format specified but no template given'],
    ['jsonpath={', 'jsonpath: "{" without its other half: {'],
    ['custom-columns=N', 'unexpected custom-columns spec: N, expected <header>:<json-path-expr>'],
    ['custom-columns=N:.a[', 'jsonpath: {.a[}: "[" is not understood'],
    [
      'json=x',
      'unable to match a printer suitable for the output format "json=x", allowed formats are: custom-columns,json,jsonpath,name,wide,yaml',
    ],
  ] as const)
    t.throws(() => formatOf(text), { constructor: UsageError, message }, text);
});
