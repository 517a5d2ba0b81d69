// A histogram's counts while nobody looks: two additions an observation. metrics.ts shows them to Prometheus.

export class Buckets {
  /** How many were at most `bounds[i]` and above the one before it; the last entry: above all. */
  readonly counts: Float64Array;
  sum = 0;
  total = 0;

  /** `bounds` rise. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    let at = 0;
    while (value > (this.bounds[at] ?? Infinity)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
    this.total += 1;
  }
}
