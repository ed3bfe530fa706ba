import type { PoolNow } from '../core/announcement/announcement.ts';
import { serviceFacts } from '../core/catalogue.ts';
import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import { removedAfter } from '../core/guard-rails.ts';
import { nodeOf } from '../core/host-places.ts';
import type { Pool } from '../core/node.ts';
import { isSamePool } from '../core/node.ts';
import type { NodeOperation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { viewPool } from '../core/pool-view.ts';
import type { ObjectResult } from '../core/progress.ts';
import { objectResults, withSteps } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import { salEnd } from '../core/sal/from-operation.ts';
import type { Intent, NodeStep } from '../core/step.ts';
import type { OutboxRow, Removal } from '../ports/store.ts';
import type { End } from './end-operation.ts';
import { endOperation, salRow } from './end-operation.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';
import { awaitTakeUp } from './take-up.ts';
import type { WriteOutcome } from './write-step.ts';

/** A plan with more objects tells of its progress in so many lines at most, not of each object. */
const PROGRESS_LINES = 10;

/** One step of a group, and what came of its write. */
export interface WrittenStep {
  readonly step: NodeStep & { readonly intent: Intent };
  readonly outcome: WriteOutcome;
}

/** What was written. `view` is what the guard rails saw before it; undefined after a restart. */
export interface Written {
  readonly written: readonly WrittenStep[];
  readonly view: WriteView | undefined;
  readonly back: ReadBack;
}

/** What was read after all of it was written, and when. */
interface ReadBack {
  readonly read: Result<Pool>;
  readonly at: number;
}

/**
 * Brings a group of writes to its end: holds them against what was read back, waits until the load balancers have followed, journals what came of each step, and
 * says so.
 *
 * @returns the operation to go on with; undefined when it has come to a stop, or is done, or its result could not be journaled.
 */
export async function finishGroup(
  parts: Parts,
  outbox: Outbox,
  operation: NodeOperation,
  { written, view, back }: Written,
): Promise<NodeOperation | undefined> {
  const { read } = back;
  const results = written.map((one) => resultOf(one, back));
  await parts.faultPoint('before-finish');
  const records = results.map(({ record }) => record);
  const done = records.filter(({ state }) => state === 'done');
  const removals = done.map((step) => removalOf(step, view, parts.clock.now()));
  const worst = worstOf(results);
  if (worst !== undefined)
    return endOperation(parts, outbox, operation, { ...worst, steps: records, removals });
  if (!read.ok) return undefined;
  const after = withSteps(operation, records);
  const behind = await awaitTakeUp(parts, operation, { steps: done, view });
  if (behind === 'gone') return undefined;
  if (behind !== undefined)
    return endOperation(parts, outbox, operation, { end: 'failed', fault: behind, steps: records, removals });
  const { forMs } = operation.plan;
  const last = after.steps.every(({ state }) => state === 'done');
  const at = parts.clock.now();
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id: operation.id,
      from: ['running'],
      to: last ? 'done' : 'running',
      at,
      epoch: operation.epoch,
      ...(last ? { patch: { endedAt: at } } : {}),
      steps: done.map((record) => ({ from: ['intent'], record })),
      rows: last
        ? doneRows(parts, after, at, await viewPools(parts, after, read.value))
        : progressRows(parts, { before: operation, after, at }),
      removals,
      ...(last && forMs !== undefined ? { remindAt: at + forMs } : {}),
    },
    {
      event: last ? 'done' : 'step-done',
      data: done.map(({ index, key, to, result }) => ({ step: index, key, to, result })),
    },
  );
  await parts.faultPoint('after-finish');
  if (!moved.ok) {
    // The writes are done and their intents say so to whoever comes next; nothing more is written here.
    parts.log.error(
      { op: operation.id, steps: done.map(({ index }) => index), fault: moved.fault },
      'result not journaled',
    );
    return undefined;
  }
  return last || isScale(moved.value) ? undefined : moved.value;
}

/** Reads the pool again: the objects for the proof, the others for what the pool serves with now. Where nothing was written nothing is read. */
export async function readBack(parts: Parts, written: readonly WrittenStep[]): Promise<ReadBack> {
  const { conftool, clock, settings } = parts;
  const done = written.flatMap(({ step, outcome }) => (outcome.kind === 'done' ? { step, ...outcome } : []));
  const [first, ...others] = done;
  const early = others.length === 0 ? await first?.pool : undefined;
  if (early?.ok === true) return { read: early, at: clock.now() };
  let pool: Result<Pool> = fail({ kind: 'shutting-down' });
  for (let tries = 1; first !== undefined && tries <= settings.bounds.writeTries; tries++) {
    pool = await conftool.pool(first.step.key);
    if (pool.ok) break;
    if (tries < settings.bounds.writeTries) await clock.sleep(settings.bounds.writeRetryMs);
  }
  return { read: pool, at: clock.now() };
}

/** A step's new record, and why the operation stops there if it does. */
interface StepEnd {
  readonly record: NodeStep;
  readonly stop: Pick<End, 'end' | 'fault'> | undefined;
}

function resultOf({ step, outcome }: WrittenStep, { read, at }: ReadBack): StepEnd {
  if (outcome.kind !== 'done') {
    const { kind, fault } = outcome;
    return { record: { ...step, state: kind }, stop: { end: kind, fault } };
  }
  if (!read.ok)
    return { record: { ...step, state: 'uncertain' }, stop: { end: 'uncertain', fault: read.fault } };
  const result = { ...outcome.result, readBackAt: at };
  const record: NodeStep = { ...step, state: 'done', result };
  const { value: pool } = read;
  const node = isSamePool(pool, step.key) ? nodeOf(pool.nodes, step.key.host) : undefined;
  if (node?.modifiedIndex === result.modifiedIndex) return { record, stop: undefined };
  // Somebody changed the object again between our write and the read after it.
  const fault: Fault = {
    kind: 'changed-since',
    key: step.key,
    shown: step.to,
    shownIndex: result.modifiedIndex,
    now: node?.state,
    nowIndex: node?.modifiedIndex,
  };
  return { record, stop: { end: 'conflict', fault } };
}

/** Of several reasons to stop, what is not known comes first: it is what a person must look at. */
function worstOf(results: readonly StepEnd[]): Pick<End, 'end' | 'fault'> | undefined {
  const stops = results.flatMap(({ stop }) => stop ?? []);
  return (['uncertain', 'failed', 'conflict'] as const)
    .map((end) => stops.find((stop) => stop.end === end))
    .find((stop) => stop !== undefined);
}

function removalOf(step: NodeStep, view: WriteView | undefined, at: number): Removal {
  const { dc, cluster, service, host } = step.key;
  const seen = view ?? { removed: [], balanced: undefined };
  return { dc, cluster, service, host, weight: removedAfter(seen, host, step.from, step.to), at };
}

/** The pools of the plan in numbers, as they are after the last write. */
async function viewPools(
  { conftool, loadBalancers, settings }: Parts,
  operation: NodeOperation,
  known: Pool,
): Promise<readonly PoolNow[]> {
  const { catalogue, groups } = settings;
  const views = await Promise.all(
    operation.plan.effects.map(async ({ pool: key }) => {
      // Where a record leads is told from the plan: it has no hosts.
      if (key.record !== undefined) return [];
      const read = isSamePool(key, known) ? undefined : await conftool.pool(key);
      if (read?.ok === false) return [];
      const pool = read?.value ?? known;
      const balanced = await loadBalancers.pool(pool);
      const { threshold } = serviceFacts(catalogue, pool.service);
      return [{ dc: pool.dc, service: pool.service, view: viewPool(pool, threshold, groups, balanced) }];
    }),
  );
  return views.flat();
}

function doneRows(
  parts: Parts,
  operation: NodeOperation,
  at: number,
  pools: readonly PoolNow[],
): readonly OutboxRow[] {
  const { id, plan, request } = operation;
  const readBackAt = Math.max(...operation.steps.map(({ result }) => result?.readBackAt ?? 0));
  const announcement = {
    kind: 'done' as const,
    id,
    plan: summarizePlan(plan),
    tookMs: at - (operation.queuedAt ?? operation.createdAt),
    readBackAt,
    pools,
  };
  return [
    ...viewRows(parts, request, { id, name: 'end', at, announcement }),
    ...salRow(parts, operation, 'log', at, salEnd(operation, 'PASS', at)),
  ];
}

/** Objects are told when their last step is done, but for the last ones, whose end is the operation's; many objects in a few lines. */
function progressRows(
  parts: Parts,
  {
    before,
    after,
    at,
  }: { readonly before: NodeOperation; readonly after: NodeOperation; readonly at: number },
): readonly OutboxRow[] {
  const [was, now] = [doneObjects(before), doneObjects(after)];
  const of = after.plan.changes.length;
  const fresh = now.slice(was.length);
  const lineOf = (count: number): number => Math.floor((count * PROGRESS_LINES) / of);
  if (fresh.length === 0 || of < 2 || (of > PROGRESS_LINES && lineOf(now.length) === lineOf(was.length)))
    return [];
  const { id } = after;
  const announcement = {
    kind: 'progress' as const,
    id,
    done: now.length,
    of,
    objects: fresh,
    readBackAt: at,
  };
  const name = `progress-${String(now.length)}-${String(after.epoch)}`;
  return viewRows(parts, after.request, { id, name, at, announcement });
}

function doneObjects(operation: NodeOperation): readonly ObjectResult[] {
  return objectResults(operation).filter(({ result }) => result === 'done');
}
