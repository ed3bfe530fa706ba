import type { Observed } from '../../src/core/observed.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Metrics } from '../../src/ports/metrics.ts';
import type { StageClock } from './stage-clock.ts';

/** Metrics that a story fills. Undefined until then, as without the section. */
export class FakeMetrics implements Metrics {
  /** Requests per second by fully qualified host. */
  readonly rps = new Map<string, number>();
  /** The highest of the last day by host, where it was more than now. */
  readonly peaks = new Map<string, number>();
  configured = false;
  silent = false;
  private readonly clock: StageClock;

  constructor(clock: StageClock) {
    this.clock = clock;
  }

  async requestsSince(dc: string): Promise<Result<readonly Observed[]> | undefined> {
    const now = await this.requests(dc);
    if (now?.ok !== true) return now;
    const peak = now.value.hosts.map((one) => ({ ...one, rps: this.peaks.get(one.host) ?? one.rps }));
    return ok([{ ...now.value, hosts: peak }, now.value]);
  }

  requests(dc: string): Promise<Result<Observed> | undefined> {
    if (!this.configured) return Promise.resolve(undefined);
    if (this.silent)
      return Promise.resolve(fail({ kind: 'metrics-silent', dc, cause: 'no answer in 2000 ms' }));
    const hosts = [...this.rps].map(([host, rps]) => ({ host, service: undefined, rps }));
    return Promise.resolve(ok({ source: 'Prometheus', at: this.clock.now() - 2000, hosts }));
  }
}
