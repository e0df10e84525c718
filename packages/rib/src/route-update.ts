/** Routes as whole UPDATE messages with four-octet AS numbers, for those who watch a table: BMP stations. */
import { type FamilyName, families, frameMessage, messageType } from '@vaportrail/bgp/wire';
import { Writer } from '@vaportrail/net';
import type { LocRibInstance } from '@vaportrail/bgp';
import type { Path, Route } from './route.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';
import { attributesInDump, nlriOf } from './table-dump.ts';

const MP_REACH = 14;
const MP_UNREACH = 15;
/** Optional, with a length of two octets. */
const FLAGS = 0x90;

/** An UPDATE that announces one path of a route. */
export function announcement(route: Route, path: Path): Uint8Array {
  const { family } = route;
  const nlri = nlriOf(route, path.labelField);
  const writer = new Writer();
  writer.u16(0);
  if (family === 'inet' && path.nextHop.length === 4) {
    writer.length16((attributes) => attributes.bytes(attributesInDump(path, family, true)));
    return frameMessage(messageType.update, writer.bytes(nlri).finish());
  }
  writer.length16((attributes) => {
    attributes.bytes(attributesInDump({ ...path, nextHop: new Uint8Array(0) }, family, false));
    const vpn = families[family].safi === 128;
    attributes.u8(FLAGS).u8(MP_REACH);
    attributes.length16((reach) => {
      afiSafi(reach, family).length8((nextHop) =>
        nextHop.bytes(new Uint8Array(vpn ? 8 : 0)).bytes(path.nextHop),
      );
      reach.u8(0).bytes(nlri);
    });
  });
  return frameMessage(messageType.update, writer.finish());
}

/** An UPDATE that withdraws a route. */
export function withdrawal(route: Route): Uint8Array {
  const { family } = route;
  const writer = new Writer();
  if (family === 'inet') {
    writer.length16((routes) => routes.bytes(nlriOf(route, 0))).u16(0);
    return frameMessage(messageType.update, writer.finish());
  }
  writer.u16(0).length16((attributes) => {
    attributes.u8(FLAGS).u8(MP_UNREACH);
    attributes.length16((unreach) => afiSafi(unreach, family).bytes(nlriOf(route, 0x80_0000)));
  });
  return frameMessage(messageType.update, writer.finish());
}

function afiSafi(writer: Writer, family: FamilyName): Writer {
  const { afi, safi } = families[family];
  return writer.u16(afi).u8(safi);
}

/** UPDATEs with all that a source has told and not taken back; the tables may change meanwhile. */
export function* routesOf(tables: Iterable<Table>, source: Source | undefined): Generator<Uint8Array> {
  if (source === undefined) return;
  for (const table of tables)
    for (const route of table.routes({ source, explained: false }))
      for (const path of route.paths)
        if (path.source === source && !path.replicated) yield announcement(route, path);
}

/** The best routes of some tables, for those who watch them. @see RFC 9069 */
export function locRibInstance(
  name: string,
  tables: readonly Table[],
  distinguisher?: Uint8Array,
): LocRibInstance {
  return {
    name,
    identity: tables[0] ?? {},
    families: tables.map(({ family }) => family),
    ...(distinguisher !== undefined && { distinguisher }),
    *routes() {
      for (const table of tables)
        for (const route of table.routes({ explained: false }))
          if (route.best !== undefined) yield announcement(route, route.best);
    },
    follow(tell) {
      const changed = (route: Route): void =>
        tell(route.best === undefined ? withdrawal(route) : announcement(route, route.best));
      const ends = tables.map((table) => table.follow({ changed }, false));
      return () => ends.forEach((end) => end());
    },
  };
}
