import type { Urgency } from '../../ports/chat.ts';

/** A line that waits for its turn. */
export interface QueuedLine {
  readonly key: string;
  readonly urgency: Urgency;
  /** Called when it is the line's turn. */
  readonly send: () => void;
  /** Called in place of `send` when a newer line of the same key took its place. */
  readonly drop: () => void;
}

/**
 * Lets lines out no faster than the server takes them: a bucket of `burst` lines, refilled by one every `everyMs`. Results and log lines go before
 * progress; a newer progress line takes the place of a waiting older one with the same key.
 */
export class Pacer {
  private readonly burst: number;
  private readonly everyMs: number;
  private readonly now: () => number;
  private tokens: number;
  private refilledAt: number;
  private urgent: QueuedLine[] = [];
  private progress: QueuedLine[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(rate: { readonly burst: number; readonly everyMs: number }, now: () => number) {
    this.burst = rate.burst;
    this.everyMs = rate.everyMs;
    this.now = now;
    this.tokens = rate.burst;
    this.refilledAt = now();
  }

  push(line: QueuedLine): void {
    if (line.urgency === 'progress') {
      const older = this.progress.findIndex(({ key }) => key === line.key);
      if (older === -1) this.progress.push(line);
      else
        this.progress.splice(older, 1, line).forEach((one) => {
          one.drop();
        });
    } else {
      this.urgent.push(line);
    }
    this.pump();
  }

  /** How many lines wait. */
  get waiting(): number {
    return this.urgent.length + this.progress.length;
  }

  /** How many lines wait that a new one would stand behind: progress keeps no result out, and what takes a place needs none. */
  waitingBefore({ key, urgency }: { readonly key: string; readonly urgency: Urgency }): number {
    if (urgency !== 'progress') return this.urgent.length;
    return this.progress.some((line) => line.key === key) ? 0 : this.waiting;
  }

  /** Takes out everything that has not been sent. */
  clear(): readonly QueuedLine[] {
    clearTimeout(this.timer);
    this.timer = undefined;
    const waiting = [...this.urgent, ...this.progress];
    this.urgent = [];
    this.progress = [];
    return waiting;
  }

  private pump(): void {
    this.refill();
    while (this.tokens >= 1) {
      const line = this.urgent.shift() ?? this.progress.shift();
      if (line === undefined) return;
      this.tokens--;
      line.send();
    }
    if (this.waiting === 0) return;
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.pump();
      },
      Math.max(1, this.everyMs - (this.now() - this.refilledAt)),
    );
  }

  private refill(): void {
    if (this.everyMs <= 0) {
      this.tokens = this.burst;
      return;
    }
    const gained = Math.floor((this.now() - this.refilledAt) / this.everyMs);
    if (gained <= 0) return;
    this.tokens = Math.min(this.burst, this.tokens + gained);
    this.refilledAt += gained * this.everyMs;
  }
}
