/**
 * Requests that every process of Contrail answers on its introspect port, whatever it does: `contrail-status` and its
 * operator ask by them whether the process works.
 */
import {
  type Field,
  type Fields,
  answer,
  answers,
  bool,
  number,
  sandeshPage,
  strings,
  structure,
  structures,
  text,
} from './sandesh.ts';
import { sandeshStylesheet } from './sandesh-stylesheet.ts';
import type { Query, ViewServer } from './server.ts';

/** A process, in the terms of Contrail. */
export interface SandeshProcess {
  /** Of the node. */
  readonly name: string;
  /** `contrail-control`, `contrail-vrouter-agent` */
  readonly module: string;
  /** What a collector keeps nodes of the kind under: `ObjectBgpRouter`. */
  readonly table: string;
  /** What it needs others for. */
  readonly connections: readonly SandeshConnection[];
  /** Why it does not do its work; nothing while it does. */
  readonly fault?: string | undefined;
  /** Further structures that it would tell a collector, by their names. */
  readonly structures?: Readonly<Record<string, CollectedStructure>>;
}

export interface SandeshConnection {
  /** `XMPP`, `Config` */
  readonly type: string;
  readonly name: string;
  readonly server: string;
  readonly isUp: boolean;
  readonly description: string;
}

/** A structure that is told under a name of its own: `BgpRouterState` as `BGPRouterInfo`. */
export interface CollectedStructure {
  readonly message: string;
  readonly fields: Fields;
}

/** Adds the requests, and the stylesheet that answers name. @param processOf throws ViewError when a query names none */
export function serveSandesh(server: ViewServer, processOf: (query: Query) => SandeshProcess): void {
  server
    .page('/universal_parse.xsl', () => ({
      contentType: 'text/xsl; charset=utf-8',
      body: sandeshStylesheet,
    }))
    .page(
      '/Snh_SandeshUVECacheReq',
      (query) => sandeshPage(() => collected(processOf(query), query['x'] ?? '')),
      ['x', 'agent'],
    )
    .page('/Snh_SandeshTraceRequest', ({ buf_name: name }) => sandeshPage(() => trace(name ?? '')), [
      'buf_name',
    ])
    .page('/Snh_SandeshTraceBufferListRequest', () =>
      sandeshPage(() =>
        answer('SandeshTraceBufferListResponse', {
          trace_buffer_list: structures('SandeshTraceBufInfo', []),
        }),
      ),
    );
}

/** What a collector has been told of a structure. */
function collected(process: SandeshProcess, structureName: string): string {
  const all: Readonly<Record<string, CollectedStructure>> = {
    ...process.structures,
    NodeStatus: { message: 'NodeStatusUVE', fields: nodeStatus(process) },
  };
  const found = Object.hasOwn(all, structureName) ? all[structureName] : undefined;
  const count: Fields = { returned: number(found === undefined ? 0 : 1), period: number(0, 'i32'), more };
  if (found === undefined) return answer('SandeshUVECacheResp', count);
  const data = structure(structureName, { name: keyed(process), ...found.fields });
  return answers(found.message, [
    [found.message, { data, more }],
    ['SandeshUVECacheResp', count],
  ]);
}

const more: Field = { ...bool(false), identifier: 0 };

function keyed({ name, table }: SandeshProcess): Field {
  return { ...text(name), identifier: 1, key: table };
}

function nodeStatus({ module, connections, fault }: SandeshProcess): Fields {
  const status = {
    module_id: text(module),
    instance_id: text('0'),
    state: text(fault === undefined ? 'Functional' : 'Non-Functional'),
    connection_infos: structures(
      'ConnectionInfo',
      connections.map(({ type, name, server, isUp, description }) => ({
        type: text(type),
        name: text(name),
        server_addrs: strings([server]),
        status: text(isUp ? 'Up' : 'Down'),
        description: text(description),
      })),
    ),
    flag_infos: structures('FlagInfo', []),
    description: text(fault ?? ''),
  };
  return { process_status: { ...structures('ProcessStatus', [status]), identifier: 4 } };
}

/** There are no buffers of traces: what went over a connection is recorded when it is asked for. */
function trace(name: string): string {
  const because = `no trace buffer ${name}: start the daemon with --record FILE to keep what it is told`;
  return answer('SandeshTraceTextResponse', { traces: strings([because]) });
}
