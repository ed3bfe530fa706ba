import type { Pool, PoolKey } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import type { Snapshot } from '../ports/store.ts';
import { looksBack } from './judge-again.ts';
import type { Parts } from './parts.ts';
import type { Standing } from './standing.ts';
import { readStanding, standingQuestion } from './standing.ts';

/** Enough to find what limits per person and time count. */
export const RECENT = 100;

/** Everything that a write is judged by besides its operation. */
export interface Judged extends Rest {
  readonly pools: Result<readonly Pool[]>;
}

type Rest = Awaited<ReturnType<typeof readRest>>;

/** The same, while it is being read. */
export interface Judging {
  readonly pools: Promise<Judged['pools']>;
  readonly rest: Promise<Rest>;
  /** The pools as the watch has seen them when the reading began. */
  readonly seen: readonly Pool[] | undefined;
  /** Of the journal, where what it holds was read before: then nothing may be journaled on it once that is another one. */
  readonly revision?: string | undefined;
}

/** What is asked for. */
interface Asked {
  /** Whether it is the first write of the operation. */
  readonly isFirst: boolean;
  /** Of its pools. */
  readonly keys: readonly PoolKey[];
}

/**
 * Begins to read all of it at once.
 *
 * @param snapshot what the journal held a moment ago, of an operation that `maySnapshot`.
 */
export function beginJudging(parts: Parts, operation: Operation, asked: Asked, snapshot?: Snapshot): Judging {
  const { keys } = asked;
  const seen = keys.flatMap((key) => parts.conftool.seenPool(key) ?? []);
  return {
    pools: readPools(parts, keys),
    rest: snapshot === undefined ? readRest(parts, operation, asked) : restOf(parts, asked, snapshot),
    seen: seen.length === keys.length ? seen : undefined,
    revision: snapshot?.revision,
  };
}

/** Whether a snapshot has all of the journal that an operation is judged by. */
export function maySnapshot(parts: Parts, operation: Operation): boolean {
  return operation.plan.undoes === undefined && !looksBack(parts, operation);
}

/** What holds in the journal for writes to these pools. */
export function takeSnapshot(
  parts: Parts,
  pools: readonly PoolKey[],
): ReturnType<Parts['store']['snapshot']> {
  return parts.store.snapshot(standingQuestion(parts, pools));
}

/** Reads all of it at once. */
export async function readJudged(parts: Parts, operation: Operation, asked: Asked): Promise<Judged> {
  const [pools, rest] = await Promise.all([readPools(parts, asked.keys), readRest(parts, operation, asked)]);
  return { ...rest, pools };
}

async function readRest(parts: Parts, operation: Operation, { isFirst, keys }: Asked) {
  const { store } = parts;
  const { undoes } = operation.plan;
  const [balanced, standing, recent, undone, open] = await Promise.all([
    Promise.all(keys.map((key) => parts.loadBalancers.pool(key))),
    readStanding(parts, keys),
    looksBack(parts, operation) ? store.recent(RECENT) : ok([]),
    undoes === undefined ? ok(undefined) : store.operation(undoes.id),
    isFirst ? store.open() : ok([]),
  ]);
  return { isFirst, balanced, standing, recent, undone, open };
}

async function restOf(
  { loadBalancers, stopFile }: Parts,
  { isFirst, keys }: Asked,
  { standing, open }: Snapshot,
): ReturnType<typeof readRest> {
  const [balanced, path] = await Promise.all([
    Promise.all(keys.map((key) => loadBalancers.pool(key))),
    stopFile.present(),
  ]);
  const held: Standing = { path, journaled: ok(standing), pools: keys };
  return { isFirst, balanced, standing: held, recent: ok([]), undone: ok(undefined), open: ok(open) };
}

async function readPools({ conftool }: Parts, keys: readonly PoolKey[]): Promise<Result<readonly Pool[]>> {
  const read: Pool[] = [];
  for (const pool of await Promise.all(keys.map((key) => conftool.pool(key)))) {
    if (!pool.ok) return pool;
    read.push(pool.value);
  }
  return ok(read);
}
