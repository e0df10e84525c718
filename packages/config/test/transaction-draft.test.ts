import t from 'tap';
import { TransactionDraft } from '../src/transaction-draft.ts';
import { project } from './sample-project.ts';

const web = (displayName: string) => project('project', 'web', displayName);

t.test('an object that changes twice in a transaction is compared as it was and written as it is', (t) => {
  const draft = new TransactionDraft();
  const [first, second, third] = [web('one'), web('two'), web('three')] as const;
  draft.same('object/project', first);
  draft.change('object/project', second);
  const later = new TransactionDraft();
  later.same('object/project', second);
  later.change('object/project', third);
  later.absent('name/x');
  later.change('name/x', 'project');
  draft.add(later);
  t.same(draft.transaction(), {
    conditions: [
      { key: 'object/project', is: 'same', value: JSON.stringify(first) },
      { key: 'name/x', is: 'absent' },
    ],
    changes: [
      { key: 'object/project', value: JSON.stringify(third) },
      { key: 'name/x', value: 'project' },
    ],
  });
  t.end();
});
