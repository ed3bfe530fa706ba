import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands still until a story says that time passes; whoever sleeps makes it pass. */
export class StageClock implements Clock {
  private time: number;

  constructor(start: number) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    this.time += ms;
    return Promise.resolve();
  }

  pass(ms: number): void {
    this.time += ms;
  }
}
