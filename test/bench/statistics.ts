/** The few numbers a benchmark reports. */

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which the given share (0–1) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Median and extent of numerator / denominator of the same repetition. */
export function pairwiseRatio(
  numerators: readonly number[],
  denominators: readonly number[],
): { readonly median: number; readonly low: number; readonly high: number } {
  const ratios = numerators
    .slice(0, denominators.length)
    .map((value, repetition) => value / denominators[repetition]!)
    .filter(Number.isFinite);
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}
