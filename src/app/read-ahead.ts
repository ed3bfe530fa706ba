import type { Operation } from '../core/operation.ts';
import { isScale, linesOf } from '../core/operation.ts';
import type { Transition } from '../ports/store.ts';
import { goneOut } from './gone-out.ts';
import type { Parts } from './parts.ts';
import type { Judging } from './read-judged.ts';
import { beginJudging } from './read-judged.ts';

/** What was read so long ago is read again. Milliseconds. */
const FRESH_MS = 100;

/** What a write is judged by, read since somebody has decided that it may begin. */
export interface Reading {
  readonly at: number;
  readonly read: Judging;
}

/**
 * Stores a decision, and what begins with it. Whoever calls it first has it stored.
 *
 * @returns the operation to go on with, and whether what was to begin has begun; undefined when it is not to be carried out now.
 */
export type StoreDecision = (
  begin?: Transition,
) => Promise<{ readonly operation: Operation; readonly isBegun: boolean } | undefined>;

/** What is decided with it. */
export interface Decision<T> {
  /** As the decision will leave it, or has left it; then it is the first in its lines. */
  readonly operation: Operation;
  /** Stores the decision; undefined where it is stored already. */
  readonly store: StoreDecision | undefined;
  /** Tells of it. */
  readonly tell: () => Promise<T>;
}

/** The same, with what is decided. */
export interface Ahead extends Reading, Omit<Decision<unknown>, 'tell'> {
  /** Tells of the decision. Called when its first writes are made, or will not be. Resolves when that is told. */
  readonly tell: () => Promise<unknown>;
}

/**
 * What an operation is judged by before its first write is read while the decision that lets it begin is being stored, not after that. It is used once, by the
 * run that follows at once in this process. That meanwhile no brake was put on, nobody has taken the operation, and its turn is its own, the journal holds against its intent.
 */
export class ReadsAhead {
  private readonly parts: Parts;
  private readonly runs: boolean;
  private readonly handed = new Map<string, Ahead>();
  /** The last that was taken. */
  private taken: Ahead | undefined;
  /** What is decided and not stored yet, by the lines that it is to stand in. */
  private readonly undecided = new Map<string, StoreDecision>();
  private leaving: Promise<void> | undefined;

  /** @param runs whether operations run in this process. */
  constructor(parts: Parts, runs: boolean) {
    this.parts = parts;
    this.runs = runs;
  }

  /** Begins to read. @returns undefined where there is nothing to be gained. */
  begin(operation: Operation): Reading | undefined {
    if (!this.runs || isScale(operation)) return undefined;
    const { plan } = operation;
    const keys = plan.effects.map(({ pool }) => pool);
    const read = beginJudging(this.parts, operation, { isFirst: true, keys });
    // It may be that nobody needs it.
    for (const one of [read.pools, read.rest]) one.catch(() => undefined);
    const leaving = goneOut().then(() => {
      if (this.leaving === leaving) this.leaving = undefined;
    });
    this.leaving = leaving;
    return { at: this.parts.clock.now(), read };
  }

  /** Resolves when what was asked for last has gone out; undefined when it has. Whatever is heard meanwhile comes after what it was asked for. */
  get whenGoneOut(): Promise<void> | undefined {
    return this.leaving;
  }

  /**
   * Has stored what was decided before and would stand in the same line: who is first there does not depend on whose reading takes longer.
   *
   * @returns resolves when that is stored; undefined when there was none.
   */
  hurry({ request }: Operation): Promise<unknown> | undefined {
    const before = new Set(linesOf(request).flatMap((line) => this.undecided.get(line) ?? []));
    return before.size === 0 ? undefined : Promise.all([...before].map((store) => store()));
  }

  /** Resolves when every approval of the same lines that was heard before is stored: whatever else is ruled comes after it. */
  async whenStored(operation: Operation): Promise<void> {
    if (this.leaving !== undefined) {
      await this.leaving;
      // In the turn after that it is handed over.
      await goneOut();
    }
    await this.hurry(operation);
  }

  /**
   * Hands it to the run of the operation, which begins now.
   *
   * @param decision is told by a run that has taken it, after its first writes.
   */
  hand<T>(
    reading: Reading,
    { operation, store, tell: say }: Decision<T>,
  ): { readonly isTaken: () => boolean; readonly told: Promise<T> } {
    for (const [id, ahead] of this.handed) if (!isFresh(this.parts, ahead)) this.handed.delete(id);
    let tellNow: (saying: Promise<T>) => void = () => undefined;
    const told = new Promise<T>((resolve) => (tellNow = resolve));
    const ahead: Ahead = {
      ...reading,
      operation,
      store: store && this.keep(linesOf(operation.request), store),
      tell: () => {
        const saying = say();
        tellNow(saying);
        return saying;
      },
    };
    this.handed.set(operation.id, ahead);
    return { isTaken: () => this.taken === ahead, told };
  }

  private keep(lines: readonly string[], store: StoreDecision): StoreDecision {
    const storeNow: StoreDecision = (begin) => {
      for (const line of lines) if (this.undecided.get(line) === storeNow) this.undecided.delete(line);
      return store(begin);
    };
    for (const line of lines) this.undecided.set(line, storeNow);
    return storeNow;
  }

  /** For the run: once. */
  take(id: string): Ahead | undefined {
    const ahead = this.handed.get(id);
    this.handed.delete(id);
    if (ahead === undefined || !isFresh(this.parts, ahead)) return undefined;
    this.taken = ahead;
    return ahead;
  }
}

/** Whether a write may still be judged by it. */
export function isFresh({ clock }: Parts, { at }: { readonly at: number }): boolean {
  return clock.now() - at <= FRESH_MS;
}
