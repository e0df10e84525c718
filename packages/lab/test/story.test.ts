import t from 'tap';
import { summary } from '../src/narrator.ts';
import type { PeerPath } from '../src/peers/peer.ts';
import { chosen, pathsProblem, story } from '../src/story.ts';

const cent222: PeerPath = {
  rd: '10.169.25.20:9',
  prefix: '101.101.101.252/32',
  nextHop: '10.169.25.20',
  label: 43,
  routeTargets: ['500:500', '64512:8000016'],
  localPref: 200,
  med: 100,
  best: true,
  multipath: false,
  reason: null,
};
const cent333: PeerPath = {
  ...cent222,
  rd: '10.169.25.21:5',
  nextHop: '10.169.25.21',
  label: 28,
  best: false,
  reason: 'Router ID',
};

t.test('the story has its steps in order, each with something to see', async (t) => {
  t.same(
    story.map(({ step }) => step),
    [
      'sessions-up',
      'service-created',
      'published',
      'vpn-route',
      'imported',
      'scaled-to-2',
      'not-best',
      'multipath',
      'scaled-to-1',
      'service-deleted',
      'service-back',
    ],
  );
});

t.test('paths that differ from what the topology says are a problem, whatever differs', async (t) => {
  t.equal(pathsProblem([cent222, cent333], [cent333, cent222]), undefined);
  t.equal(pathsProblem([], [cent222]), 'no paths instead of 1');
  t.match(
    pathsProblem([{ ...cent222, nextHop: '10.0.0.1' }], [cent222]),
    /no path with next hop 10\.169\.25\.20/,
  );
  t.match(pathsProblem([{ ...cent222, label: 16 }], [cent222]), /label 16 instead of 43/);
  t.match(pathsProblem([{ ...cent222, rd: '1:1' }], [cent222]), /route distinguisher 1:1 instead of/);
  t.match(
    pathsProblem([{ ...cent222, routeTargets: ['500:500'] }], [cent222]),
    /lacks route target 64512:8000016/,
  );
});

t.test('one path is chosen, or all are used', async (t) => {
  const both = [cent222, cent333].map((path) => ({ ...path, multipath: true }));
  t.equal(chosen([cent222, cent333], 'one'), undefined);
  t.equal(
    chosen([{ ...cent222, multipath: true }, cent333], 'one'),
    undefined,
    'the best alone may carry the mark',
  );
  t.match(chosen(both, 'one'), /both paths are used/);
  t.match(chosen([cent333, cent333], 'one'), /0 best paths/);
  t.equal(chosen(both, 'all'), undefined);
  t.match(chosen([cent222, cent333], 'all'), /multipath over 0 instead of 2/);
  t.equal(chosen([cent222, { ...cent333, best: true }], 'all', { kind: 'gobgp' }), undefined);
  t.match(chosen([cent222, cent333], 'one', { kind: 'gobgp' }), /without a best path/);
});

t.test('a peer is summed up in a line', async (t) => {
  t.equal(summary('frr', []), 'frr: no path');
  t.equal(
    summary('gateway', [cent222, cent333]),
    'gateway: best 10.169.25.20 label 43; not best 10.169.25.21 label 28 (Router ID)',
  );
  t.match(
    summary(
      'frr',
      [cent222, cent333].map((path) => ({ ...path, multipath: true })),
    ),
    /multipath .*; multipath /,
  );
});
