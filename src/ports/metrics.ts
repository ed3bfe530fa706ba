import type { Observed } from '../core/observed.ts';
import type { Result } from '../core/result.ts';

/** What metrics show: nothing is decided by them alone. */
export interface Metrics {
  /**
   * @returns undefined when no metrics are configured for that data centre; Fault `metrics-silent` when they do not answer.
   */
  requests(dc: string): Promise<Result<Observed> | undefined>;
  /** The same through the last so many milliseconds, a sample every five minutes or less, oldest first. */
  requestsSince(dc: string, spanMs: number): Promise<Result<readonly Observed[]> | undefined>;
}
