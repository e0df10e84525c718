/** Load balancers of a node: one line each, one for each listener, and its members as a table. */
import type { LoadBalancerMemberView, LoadBalancerView } from '../load-balancer-views.ts';
import { durationText } from './plain.ts';
import { columns } from './table.ts';

/** Each load balancer with its listeners, members and their health. */
export function loadBalancersText(balancers: readonly LoadBalancerView[]): string {
  if (balancers.length === 0) return 'no load balancers';
  return balancers.map(one).join('\n\n');
}

function one(balancer: LoadBalancerView): string {
  const { name, address, state, pid, restarts, reloads, problems, listeners } = balancer;
  const process = pid === undefined ? '' : `, pid ${pid}, ${restarts} restarts, ${reloads} reloads`;
  return [
    `${name}  ${address}  ${state}${process}`,
    ...problems.map((problem) => `  ! ${problem}`),
    ...listeners.map(
      ({ protocol, port, method, members, sessions, sessionsTotal }) =>
        `  ${protocol} ${port}  ${method}  ${sessions} connections, ${sessionsTotal} in all\n` +
        (members.length === 0 ? '    no members' : indented(membersText(members))),
    ),
  ].join('\n');
}

function membersText(members: readonly LoadBalancerMemberView[]): string {
  return columns<LoadBalancerMemberView>(
    [
      { title: 'Member', cell: (row) => `${row.address}:${row.port}` },
      { title: 'Weight', cell: (row) => row.weight, align: 'right' },
      { title: 'Status', cell: (row) => row.status },
      {
        title: 'Since',
        cell: (row) => (row.since === undefined ? undefined : durationText(row.since)),
        align: 'right',
      },
      { title: 'Check', cell: (row) => row.lastCheck },
      { title: 'Failed', cell: (row) => row.failedChecks, align: 'right' },
      { title: 'Now', cell: (row) => row.sessions, align: 'right' },
      { title: 'Total', cell: (row) => row.sessionsTotal, align: 'right' },
      { title: 'In', cell: (row) => row.octetsIn, align: 'right' },
      { title: 'Out', cell: (row) => row.octetsOut, align: 'right' },
      { title: 'Errors', cell: (row) => row.errors, align: 'right' },
    ],
    members,
  );
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
