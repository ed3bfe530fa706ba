import assert from 'node:assert';
import { ok } from '../../src/core/result.ts';
import type { Result } from '../../src/core/result.ts';
import type { Queue } from '../../src/ports/queue.ts';

/** A queue that hands out its jobs when the story says so, in order, one at a time; or at once, as that of a process that runs operations itself. */
export class StageQueue implements Queue {
  private readonly waiting = new Set<string>();
  beginsAtOnce = false;
  private run: Parameters<Queue['start']>[0] | undefined;
  private readonly running = new Set<Promise<void>>();

  wake(id: string): Promise<Result<void>> {
    if (!this.begin(id)) this.waiting.add(id);
    return Promise.resolve(ok(undefined));
  }

  begin(id: string): boolean {
    if (!this.beginsAtOnce || this.run === undefined) return false;
    const run = this.run(id, false).finally(() => this.running.delete(run));
    this.running.add(run);
    return true;
  }

  awake(): Promise<Result<ReadonlySet<string>>> {
    return Promise.resolve(ok(this.waiting));
  }

  start(run: Parameters<Queue['start']>[0]): void {
    this.run = run;
  }

  /** Loses every job, as a Redis without its last second would. */
  lose(): void {
    this.waiting.clear();
  }

  async drain(): Promise<void> {
    let runs = 0;
    await Promise.all(this.running);
    for (let id = this.next(); id !== undefined; id = this.next()) {
      assert(runs++ < 100, `${id} wakes itself for ever`);
      this.waiting.delete(id);
      await this.run?.(id, false);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private next(): string | undefined {
    return this.waiting.values().next().value;
  }
}
