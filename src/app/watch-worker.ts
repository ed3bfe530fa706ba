import type { PartHealth } from '../core/health.ts';
import type { Result } from '../core/result.ts';
import type { Log } from '../observe/log.ts';

/** A queue that can be tried. */
export interface Tried {
  canary(withinMs: number): Promise<Result<boolean>>;
  restart(): void;
}

/** What a job that does nothing may take from being added to being taken. */
const WITHIN_MS = 10_000;

/**
 * Proves again and again that the worker takes jobs. A connection that looks well may have stopped listening after an outage: then operations would wait and
 * nobody would know. Such a worker is replaced, and until a job is taken again this process is not ready.
 */
export class WorkerWatch {
  private readonly queue: Tried;
  private readonly log: Log;
  private readonly withinMs: number;
  private deaf = 0;

  constructor(queue: Tried, log: Log, options: { readonly withinMs?: number } = {}) {
    this.queue = queue;
    this.log = log;
    this.withinMs = options.withinMs ?? WITHIN_MS;
  }

  /** One try. While Redis does not answer nothing is known of the worker, and that Redis is away is told elsewhere. */
  async check(): Promise<void> {
    const taken = await this.queue.canary(this.withinMs);
    if (!taken.ok) return;
    if (taken.value) {
      if (this.deaf > 0) this.log.info({ tries: this.deaf }, 'worker: takes jobs again');
      this.deaf = 0;
      return;
    }
    this.deaf += 1;
    this.log.error({ tries: this.deaf }, 'worker: takes no job, it is replaced');
    this.queue.restart();
  }

  health(): PartHealth {
    const isWell = this.deaf === 0;
    return {
      part: 'worker',
      ok: isWell,
      text: isWell ? '' : `takes no job, replaced ${String(this.deaf)} times`,
    };
  }
}
