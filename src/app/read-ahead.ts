import type { Operation } from '../core/operation.ts';
import { missingApprovals } from '../core/approval.ts';
import { isScale, linesOf } from '../core/operation.ts';
import type { Snapshot, Transition } from '../ports/store.ts';
import { goneOut } from './gone-out.ts';
import type { Parts } from './parts.ts';
import type { Judging } from './read-judged.ts';
import { beginJudging, maySnapshot, takeSnapshot } from './read-judged.ts';

/** What was read so long ago is read again. Milliseconds. */
const FRESH_MS = 100;
/** A snapshot of the journal counts as long as its revision, and no longer than this: longer than the sweeper takes to come again. Milliseconds. */
const SNAPSHOT_MS = 1500;
/** Operations that are prepared for at the same time, the newest. */
const MOST_PREPARED = 8;

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
  /** What the journal held lately, by operations that wait for their last approval. */
  private readonly prepared = new Map<string, { readonly at: number; readonly snapshot: Snapshot }>();

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
    const read = beginJudging(this.parts, operation, { isFirst: true, keys }, this.takePrepared(operation));
    // It may be that nobody needs it.
    for (const one of [read.pools, read.rest]) one.catch(() => undefined);
    const leaving = goneOut().then(() => {
      if (this.leaving === leaving) this.leaving = undefined;
    });
    this.leaving = leaving;
    return { at: this.parts.clock.now(), read };
  }

  /**
   * Takes a snapshot of the journal for every operation that waits for its last approval, while nobody waits for that: then the approval need not. What changed
   * since, the journal holds against the intent.
   */
  async prepareAll(): Promise<void> {
    const waiting = this.parts.store.unended().filter((one) => this.mayPrepare(one));
    const newest = waiting.sort((a, b) => b.createdAt - a.createdAt).slice(0, MOST_PREPARED);
    for (const id of this.prepared.keys()) if (!newest.some((one) => one.id === id)) this.prepared.delete(id);
    for (const operation of newest) await this.prepare(operation);
  }

  /** The same for one, when what it was stored with is on its way. */
  async prepareSoon(operation: Operation): Promise<void> {
    await goneOut();
    if (this.mayPrepare(operation)) await this.prepare(operation);
  }

  private mayPrepare(operation: Operation): boolean {
    const waits = operation.state === 'awaiting-approval' && missingApprovals(operation) === 1;
    return this.runs && waits && !isScale(operation) && maySnapshot(this.parts, operation);
  }

  private async prepare({ id, plan }: Operation): Promise<void> {
    if (!('effects' in plan)) return;
    const at = this.parts.clock.now();
    const taken = await takeSnapshot(
      this.parts,
      plan.effects.map(({ pool }) => pool),
    );
    if (taken.ok && taken.value !== undefined) this.prepared.set(id, { at, snapshot: taken.value });
    else this.prepared.delete(id);
  }

  private takePrepared(operation: Operation): Snapshot | undefined {
    const prepared = this.prepared.get(operation.id);
    this.prepared.delete(operation.id);
    if (prepared === undefined || !maySnapshot(this.parts, operation)) return undefined;
    return this.parts.clock.now() - prepared.at <= SNAPSHOT_MS ? prepared.snapshot : undefined;
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
