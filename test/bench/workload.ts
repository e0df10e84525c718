/** The workloads of `npm run bench -- reflect`: VPNv4 routes through a route reflector. */
import type { RouteLoad } from './route-load.ts';

/** What is measured one after the other in one fresh process. */
export const phases = [
  'announce',
  'change',
  'withdraw',
  'late-joiner',
  'idle-latency',
  'paced-latency',
  'further-paths',
  'peer-down',
] as const;

export type Phase = (typeof phases)[number];

/** Whether the time of single changes is measured, and not of all together. */
export function isLatency(phase: Phase): boolean {
  return phase.endsWith('latency');
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly load: RouteLoad;
  readonly senders: number;
  readonly receivers: number;
  readonly phases: readonly Phase[];
  /** Numbers of routes at which time and memory are noted while they are announced. */
  readonly marks: readonly number[];
  /** Part of `--quick`. */
  readonly quick: boolean;
}

const bulk: RouteLoad = {
  routes: 1_000_000,
  perUpdate: 100,
  attributeSets: 10_000,
  setChanges: 'every-update',
  labels: 'one',
  prefixes: 'own',
  localPref: 100,
  sender: 0,
};
const one = { senders: 1, receivers: 1, marks: [], quick: false } as const;

export const workloads: readonly Workload[] = [
  {
    ...one,
    name: 'bulk',
    title: '1 M routes, 100 per UPDATE, 10,000 sets',
    load: bulk,
    phases: ['announce', 'change', 'withdraw'],
    quick: true,
  },
  {
    ...one,
    name: 'unpacked',
    title: '1 M routes, 1 per UPDATE, sets shared by 100',
    load: { ...bulk, perUpdate: 1, setChanges: 'every-100-routes' },
    phases: ['announce'],
  },
  {
    ...one,
    name: 'interleaved',
    title: '200 k routes, 1 per UPDATE, 10,000 sets in turn',
    load: { ...bulk, routes: 200_000, perUpdate: 1 },
    phases: ['announce'],
  },
  {
    ...one,
    name: 'labels',
    title: '500 k routes, a label each',
    load: { ...bulk, routes: 500_000, labels: 'per-route' },
    phases: ['announce'],
  },
  {
    ...one,
    name: 'fan-out',
    title: '200 k routes to 50 clients',
    load: { ...bulk, routes: 200_000 },
    receivers: 50,
    phases: ['announce'],
    quick: true,
  },
  {
    ...one,
    name: 'overlap',
    title: '4 senders, the same 300 k routes',
    load: { ...bulk, routes: 300_000 },
    senders: 4,
    receivers: 2,
    phases: ['announce'],
  },
  {
    ...one,
    name: 'late-joiner',
    title: 'a new client, 500 k routes in the table',
    load: { ...bulk, routes: 500_000 },
    phases: ['announce', 'late-joiner'],
  },
  {
    ...one,
    name: 'latency',
    title: 'single changes, 100 k routes in the table, 8 clients',
    load: { ...bulk, routes: 100_000 },
    receivers: 8,
    phases: ['announce', 'idle-latency', 'paced-latency'],
  },
  {
    ...one,
    name: 'shared-prefixes',
    title: '100 k routes, the same 100 prefixes in 1,000 VPNs',
    load: { ...bulk, routes: 100_000, prefixes: 'shared' },
    phases: ['announce'],
  },
  {
    ...one,
    name: 'further-paths',
    title: '500 k routes, then three further paths of each that are not best',
    load: { ...bulk, routes: 500_000 },
    phases: ['announce', 'further-paths'],
  },
  {
    ...one,
    name: 'memory-4m',
    title: 'growth to 4 M routes, and what is given back when their peer leaves',
    load: { ...bulk, routes: 4_000_000 },
    phases: ['announce', 'peer-down'],
    marks: [100_000, 1_000_000, 2_000_000, 3_000_000],
  },
];
