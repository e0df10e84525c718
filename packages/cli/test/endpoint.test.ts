import { announceEndpoint } from '@vaportrail/show';
import t from 'tap';
import { UsageError } from '../src/command.ts';
import { endpointOf, endpointsOf, endpointsWithRoutes } from '../src/endpoint.ts';

process.env['XDG_RUNTIME_DIR'] = t.testdir();
const url = 'http://127.0.0.1:8085';

t.test('a fleet is asked agent by agent, each by its name', async (t) => {
  const fleet = announceEndpoint({ kind: 'agent', name: 'all', url, members: 'compute-{n:3}.site' });
  t.teardown(fleet);
  t.match(endpointOf(['agent'], 'compute-007.site'), {
    kind: 'agent',
    name: 'compute-007.site',
    query: { agent: 'compute-007.site' },
  });
  for (const other of ['compute-007', 'compute-007xsite', 'compute-.site', 'compute-7.site.b'])
    t.throws(() => endpointOf(['agent'], other), { message: /^no daemon called "compute-/ });
  const message = 'all are several agents: name one of them, such as compute-000.site, with --from';
  t.throws(() => endpointOf(['agent'], 'all'), { name: 'UsageError', message });
  t.throws(() => endpointsOf(['gateway', 'agent'], undefined), new UsageError(message));
  t.same(endpointsWithRoutes(), [], 'where all who have routes are asked it is not');
  t.throws(() => endpointOf(['gateway'], 'compute-007.site'), {
    message: 'compute-007.site is an agent: a gateway is asked this',
  });

  const own = { kind: 'agent', name: 'cent222', url, query: { agent: 'cent222' } } as const;
  t.teardown(announceEndpoint(own));
  t.match(endpointsOf(['gateway', 'agent'], undefined), [{ name: 'cent222' }]);
  t.match(endpointsWithRoutes(), [{ name: 'cent222' }]);
});

t.test('agents that all have their own names', async (t) => {
  t.teardown(announceEndpoint({ kind: 'agent', name: 'a+1', url, members: '' }));
  t.teardown(announceEndpoint({ kind: 'agent', name: 'a', url, query: { agent: 'a' } }));
  t.teardown(announceEndpoint({ kind: 'agent', name: 'b', url, query: { agent: 'b' } }));
  t.match(endpointsOf(['agent'], undefined), [{ name: 'a' }, { name: 'b' }]);
  t.throws(() => endpointOf(['agent'], 'a+1'), {
    message: 'a+1 are several agents: name one of them with --from',
  });
});
