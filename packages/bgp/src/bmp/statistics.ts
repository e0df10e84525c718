/** Counters and gauges of a statistics report, by type. @see RFC 7854 §4.8, RFC 8671 §6.2 */
import { hexText, type Reader, type Writer } from '@vaportrail/net';

const statistics = {
  rejectedPrefixes: { type: 0, octets: 4 },
  duplicatePrefixes: { type: 1, octets: 4 },
  duplicateWithdrawals: { type: 2, octets: 4 },
  clusterListLoops: { type: 3, octets: 4 },
  asPathLoops: { type: 4, octets: 4 },
  originatorLoops: { type: 5, octets: 4 },
  confederationLoops: { type: 6, octets: 4 },
  adjRibInRoutes: { type: 7, octets: 8 },
  locRibRoutes: { type: 8, octets: 8 },
  updatesTreatedAsWithdraw: { type: 11, octets: 4 },
  prefixesTreatedAsWithdraw: { type: 12, octets: 4 },
  duplicateUpdates: { type: 13, octets: 4 },
  adjRibOutRoutes: { type: 14, octets: 8 },
  adjRibOutPostRoutes: { type: 15, octets: 8 },
} as const;

type StatisticName = keyof typeof statistics;

/** A count above `Number.MAX_SAFE_INTEGER`, which no router has, loses its last digits. */
export type BmpStatistics = { readonly [Name in StatisticName]?: number };

/** A count that is not among {@link BmpStatistics}, such as one per family. */
export interface BmpStatisticOctets {
  readonly type: number;
  /** Hexadecimal. */
  readonly value: string;
}

const nameOf = new Map<number, StatisticName>(
  Object.entries(statistics).map(([name, { type }]) => [type, name as StatisticName]),
);

/** Their number, then each as type, length and value. */
export function writeStatistics(writer: Writer, values: BmpStatistics): void {
  const given = Object.entries(values) as [StatisticName, number][];
  writer.u32(given.length);
  for (const [name, value] of given) {
    const { type, octets } = statistics[name];
    writer.u16(type).u16(octets);
    if (octets === 4) writer.u32(value);
    else writer.u64(BigInt(value));
  }
}

/** What {@link writeStatistics} wrote, and what nobody knows. @throws Truncated when it is cut off */
export function readStatistics(reader: Reader): {
  readonly statistics: BmpStatistics;
  readonly others: readonly BmpStatisticOctets[];
} {
  const known: { [Name in StatisticName]?: number } = {};
  const others: BmpStatisticOctets[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const type = reader.u16();
    const value = reader.view(reader.u16());
    const name = nameOf.get(type);
    if (name === undefined || statistics[name].octets !== value.remaining) {
      others.push({ type, value: hexText(value.copy(value.remaining)) });
    } else known[name] = value.remaining === 4 ? value.u32() : Number(value.u64());
  }
  return { statistics: known, others };
}
