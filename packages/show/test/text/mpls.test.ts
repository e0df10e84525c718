import t from 'tap';

import { labelsText } from '../../src/text/mpls.ts';

t.test('mpls --dump prints labels and next hops as captured on a real vRouter', async (t) => {
  t.equal(
    labelsText([{ label: 42, nextHop: 44 }]),
    'MPLS Input Label Map\n\n   Label    NextHop\n-------------------\n      42        44\n',
  );
});
