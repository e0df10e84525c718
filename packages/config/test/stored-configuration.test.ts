import { FollowedGraph } from '@vaportrail/schema';
import t from 'tap';
import { StoredConfiguration } from '../src/stored-configuration.ts';
import { TransactionDraft } from '../src/transaction-draft.ts';
import type { PlannedWrite } from '../src/write-plan.ts';
import { project } from './sample-project.ts';

const claim = { pool: 'number', name: '7' };

function stored() {
  const told: string[] = [];
  const objects = new FollowedGraph((error) => t.fail(String(error)));
  objects.follow(({ type, object }) => void told.push(`${type} ${object.uuid}`));
  const configuration = new StoredConfiguration(objects);
  /** All it knows, in a form that can be compared. */
  const known = (): unknown => [
    [...configuration.keys()].toSorted(),
    [...configuration.graph.uuids()].map((uuid) => configuration.graph.get(uuid)),
    configuration.claims.owner(claim),
    ['1', '2'].map((uuid) => configuration.linksOf(uuid)),
  ];
  return { configuration, told, known };
}

t.test('keys of the store are objects, claims and link counters, and nothing else is kept', (t) => {
  const { configuration, told, known } = stored();
  configuration.apply('object/1', JSON.stringify(project('1', 'web')));
  configuration.apply('name/project/default-domain:web', '1');
  configuration.apply('claim/number/7', '1');
  configuration.apply('links/1', '3');
  configuration.apply('links/2', '0');
  t.same(known(), [['claim/number/7', 'links/1', 'links/2', 'object/1'], [project('1', 'web')], '1', [3, 0]]);
  for (const key of ['object/1', 'claim/number/7', 'links/1', 'links/2']) configuration.apply(key, undefined);
  t.same(known(), [[], [], undefined, [undefined, undefined]]);
  t.same(told, ['created 1', 'deleted 1'], 'followers hear of objects alone');
  t.end();
});

t.test('what is planned is there before the store has it, and an answer of no leaves no trace', (t) => {
  const { configuration, told, known } = stored();
  configuration.apply('object/1', JSON.stringify(project('1', 'web')));
  configuration.apply('claim/number/7', '1');
  configuration.apply('links/1', '2');
  const before = known();
  const draft = new TransactionDraft();
  draft.change('links/1', '3');
  draft.change('links/2', '1');
  const [first, second] = [project('1', 'web'), project('1', 'web', 'changed')];
  const plan: PlannedWrite[] = [
    { before: first, after: second, claims: [], releases: [claim] },
    { after: project('2', 'db'), claims: [claim], releases: [] },
  ];
  const takeBack = configuration.stage(plan, draft);
  t.same(known(), [
    ['claim/number/7', 'links/1', 'links/2', 'object/1', 'object/2'],
    [second, project('2', 'db')],
    '2',
    [3, 1],
  ]);
  t.same(told, ['created 1'], 'nobody is told of what may yet be refused');
  takeBack();
  t.same(known(), before);
  t.end();
});

t.test('an object that goes and one of its name that comes change places, and back', (t) => {
  const { configuration, known } = stored();
  configuration.apply('object/1', JSON.stringify(project('1', 'web')));
  const before = known();
  const takeBack = configuration.stage(
    [
      { before: project('1', 'web'), claims: [], releases: [] },
      { after: project('2', 'web'), claims: [], releases: [] },
    ],
    new TransactionDraft(),
  );
  t.equal(configuration.graph.byName('project', ['default-domain', 'web'])?.uuid, '2');
  takeBack();
  t.equal(configuration.graph.byName('project', ['default-domain', 'web'])?.uuid, '1');
  t.same(known(), before);
  t.end();
});
