import t from 'tap';
import { derivedUuid } from '../src/derived-uuid.ts';

t.test('the UUIDs of a restart are those of earlier versions', (t) => {
  // Written down from the first version: other ones would make every object of a cluster anew.
  t.equal(derivedUuid('pod', 'default', 'web-0'), '67f7b08a-d4c5-5de6-820f-5a741d3fc75b');
  t.equal(derivedUuid('pool', 'münchen', 'TCP', '80'), 'ec2f40ba-d758-5ffe-9389-3a4e65a4c974');
  t.end();
});
