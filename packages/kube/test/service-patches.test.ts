/** The API server here is a list of answers. */
import type { Clock } from '@vaportrail/net';
import t from 'tap';
import { KubernetesApiError, type KubernetesApi } from '../src/kubernetes-api.ts';
import { ServicePatches } from '../src/service-patches.ts';

function cluster() {
  const sent: [string, unknown][] = [];
  const answers: ((error?: Error) => void)[] = [];
  const waits: number[] = [];
  const expiries: (() => void)[] = [];
  const api = {
    request: (_: string, path: string, __: object, body: unknown) => {
      sent.push([path, body]);
      return new Promise<void>((resolve, reject) => {
        answers.push((error) => (error === undefined ? resolve() : reject(error)));
      });
    },
  } as unknown as KubernetesApi;
  const clock: Clock = {
    now: () => 0,
    random: () => 0,
    after: (wait, expire) => {
      waits.push(wait);
      expiries.push(expire);
      return { cancel: () => {} };
    },
  };
  const answer = async (error?: Error): Promise<void> => {
    answers.shift()!(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    patches: new ServicePatches(api, { clock }),
    sent,
    waits,
    answer,
    expire: () => expiries.shift()!(),
  };
}

const refused = (status?: number, retryAfter?: number): Error =>
  new KubernetesApiError(status === undefined ? 'unreachable' : 'refused', 'no', status, retryAfter);

t.test('a patch is sent until the server takes it, further and further apart', async (t) => {
  const { patches, sent, waits, answer, expire } = cluster();
  patches.send('/a', { a: 1 });
  for (const error of [refused(503), refused(409), refused(), refused(429, 30_000)]) {
    await answer(error);
    expire();
  }
  await answer();
  t.same(waits, [1000, 2000, 4000, 30_000]);
  t.equal(sent.length, 5);
  patches.send('/a', { a: 2 });
  t.same(sent.at(-1), ['/a', { a: 2 }], 'and the next one goes at once');
});

t.test('the latest counts: it follows the one under way and replaces the one that waits', async (t) => {
  const { patches, sent, waits, answer, expire } = cluster();
  patches.send('/a', { a: 1 });
  patches.send('/a', { a: 2 });
  patches.send('/a', { a: 3 });
  patches.send('/b', { b: 1 });
  t.same(sent, [
    ['/a', { a: 1 }],
    ['/b', { b: 1 }],
  ]);
  await answer(refused(500));
  patches.send('/a', { a: 4 });
  expire();
  t.same(sent.at(-1), ['/a', { a: 4 }]);
  await answer();
  await answer();
  t.equal(sent.length, 3);
  t.same(waits, [1000]);
});

t.test('what the server will never take is not sent again', async (t) => {
  const { patches, sent, waits, answer } = cluster();
  patches.send('/a', { a: 1 });
  await answer(refused(404));
  t.same(waits, []);
  patches.send('/a', { a: 1 });
  t.equal(sent.length, 2);
});
