/**
 * Every virtual network has a routing instance of its own name, with a route target that no other network has, and the
 * route targets its owner lists. Contrail leaves this to its schema transformer; here it is part of the same write.
 */
import {
  ConfigRequestError,
  newUuid,
  type ConfigObject,
  type Reference,
  type ObjectGraph,
} from '@vaportrail/schema';
import { numberRow, type PlaceRow } from '../index-pool.ts';
import type { ObjectWrite, Standing, WriteRule } from '../write-rule.ts';

const POOL = 'route-target';
/** What Contrail takes while nobody says otherwise. */
const DEFAULT_AS = 64_512;

export const defaultRoutingInstance: WriteRule = ({ before, after }, standing) => {
  const { graph, claims } = standing;
  if (after === undefined)
    return before?.type === 'virtual-network' ? { companions: removal(before, graph) } : undefined;
  if (after.type !== 'virtual-network') return undefined;
  const own = claims.heldBy(after.uuid).find(({ pool }) => pool === POOL);
  const instance = graph
    .children(after.uuid, 'routing-instance')
    .find(({ properties }) => properties['routing_instance_is_default'] === true);
  const number = own?.name ?? freeNumber(standing);
  const automatic = routeTargetText(number, instance, graph);
  return {
    companions: replacement(after, instance, automatic, graph),
    claims: own === undefined ? [{ pool: POOL, name: number }] : [],
  };
};

/** The route target with a network's number: its AS may be another by now, what was given out stays. */
function routeTargetText(number: string, instance: ConfigObject | undefined, graph: ObjectGraph): string {
  const known = (instance === undefined ? [] : graph.references(instance, 'route-target')).find(
    ({ fqName }) => fqName[0]!.endsWith(`:${number}`),
  );
  return known?.fqName[0] ?? `target:${autonomousSystem(graph)}:${number}`;
}

/** @throws ConfigRequestError 409 when all are given out */
function freeNumber({ graph, claims }: Standing): string {
  const asn = autonomousSystem(graph);
  const number = claims.first(POOL, String(asn), () => numbersFor(asn));
  if (number === undefined) throw new ConfigRequestError(409, 'no route target is left');
  return number;
}

/** Numbers from which on route targets of our own AS are given out. */
function firstNumber(asn: number): number {
  return asn > 0xffff ? 8_000 : 8_000_000;
}

/** An AS of four octets leaves two for the number. @see RFC 5668 §2 */
function numbersFor(asn: number): PlaceRow {
  const first = firstNumber(asn) + 1;
  return numberRow(first, (asn > 0xffff ? 0x8000 : 0x100_0000) - first);
}

function autonomousSystem(graph: ObjectGraph): number {
  for (const { properties } of graph.ofType('global-system-config')) {
    const asn = properties['autonomous_system'];
    if (typeof asn === 'number') return asn;
  }
  return DEFAULT_AS;
}

/** @throws ConfigRequestError 400 for a number that a network may be given one day */
function refuseReserved(text: string, graph: ObjectGraph): void {
  const [, as, number] = text.split(':');
  const own = autonomousSystem(graph);
  if (Number(as) === own && Number(number) >= firstNumber(own))
    throw new ConfigRequestError(
      400,
      `${text}: numbers from ${firstNumber(own)} on are given out in AS ${own}`,
    );
}

/** The routing instance as its network now wants it, the route targets it needs, and without those it leaves. */
function replacement(
  network: ConfigObject,
  instance: ConfigObject | undefined,
  automatic: string,
  graph: ObjectGraph,
): ObjectWrite[] {
  const wanted = new Map<string, 'import' | 'export' | null>([[automatic, null]]);
  for (const [property, direction] of listProperties) {
    const { route_target: texts = [] } = (network.properties[property] ?? {}) as { route_target?: string[] };
    for (const text of texts) {
      if (text !== automatic) refuseReserved(text, graph);
      const known = wanted.get(text);
      wanted.set(text, known === undefined || known === direction ? direction : null);
    }
  }
  const writes: ObjectWrite[] = [];
  const references = [...wanted].map(([text, direction]): Reference => {
    let target = graph.byName('route-target', [text]);
    if (target === undefined) {
      target = bare('route-target', [text], network);
      writes.push({ after: target });
    }
    return { uuid: target.uuid, attr: { import_export: direction } };
  });
  const left = (instance?.references['route-target'] ?? []).filter(
    ({ uuid }) => !references.some((reference) => reference.uuid === uuid),
  );
  const same =
    left.length === 0 && JSON.stringify(instance?.references['route-target']) === JSON.stringify(references);
  if (same) return [];
  const after: ConfigObject = {
    ...(instance ?? {
      ...bare('routing-instance', [...network.fqName, network.fqName.at(-1)!], network),
      parent: { type: 'virtual-network', uuid: network.uuid },
      properties: { routing_instance_is_default: true },
    }),
    references: { 'route-target': references },
  };
  writes.push(instance === undefined ? { after } : { before: instance, after });
  return [...writes, ...(instance === undefined ? [] : unused(left, instance, graph))];
}

const listProperties = [
  ['route_target_list', null],
  ['import_route_target_list', 'import'],
  ['export_route_target_list', 'export'],
] as const;

function removal(network: ConfigObject, graph: ObjectGraph): ObjectWrite[] {
  return graph
    .children(network.uuid, 'routing-instance')
    .flatMap((instance) => [
      { before: instance },
      ...unused(instance.references['route-target'] ?? [], instance, graph),
    ]);
}

/** Route targets that nobody has when an instance lets go of them. */
function unused(left: readonly Reference[], instance: ConfigObject, graph: ObjectGraph): ObjectWrite[] {
  return left.flatMap(({ uuid }): ObjectWrite[] => {
    const target = graph.get(uuid);
    const others = graph.referrers(uuid).some((other) => other.uuid !== instance.uuid);
    return target === undefined || others ? [] : [{ before: target }];
  });
}

function bare(
  type: 'route-target' | 'routing-instance',
  fqName: string[],
  network: ConfigObject,
): ConfigObject {
  return {
    type,
    uuid: newUuid(),
    fqName,
    parent: undefined,
    properties: {},
    references: {},
    idPerms: { ...network.idPerms, created: network.idPerms.last_modified },
  };
}
