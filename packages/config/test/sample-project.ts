/** Projects of the tests: what matters of them is their name, and what they say. */
import type { ConfigObject } from '@vaportrail/schema';

export function project(uuid: string, name: string, displayName = ''): ConfigObject {
  return {
    type: 'project',
    uuid,
    fqName: ['default-domain', name],
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
