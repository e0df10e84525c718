import t from 'tap';
import type { ConfigObject } from '@vaportrail/schema';
import { TransactionDraft } from '../src/transaction-draft.ts';

function project(displayName: string): ConfigObject {
  return {
    type: 'project',
    uuid: 'project',
    fqName: ['default-domain', 'web'],
    parent: undefined,
    properties: { display_name: displayName },
    references: {},
    idPerms: {
      enable: true,
      created: '',
      last_modified: '',
      user_visible: true,
      creator: null,
      description: null,
    },
  };
}

t.test('an object that changes twice in a transaction is compared as it was and written as it is', (t) => {
  const draft = new TransactionDraft();
  const [first, second, third] = [project('one'), project('two'), project('three')] as const;
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
