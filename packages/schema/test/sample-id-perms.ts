/** What every object has, and no test of this package looks at. */
import type { ConfigObject } from '../src/config-object.ts';

export const idPerms: ConfigObject['idPerms'] = {
  enable: true,
  created: '',
  last_modified: '',
  user_visible: true,
  creator: null,
  description: null,
};
