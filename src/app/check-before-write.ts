import { serviceFacts } from '../core/catalogue.ts';
import type { Fault } from '../core/fault.ts';
import type { RemovedWeight, WriteView } from '../core/guard-rails.ts';
import { findInFlight, guardWrites } from '../core/guard-rails.ts';
import type { Pool, StoredNode } from '../core/node.ts';
import { nodePath, poolPath } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import { stepsOf } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { findForgery } from '../core/signature.ts';
import type { StepRecord } from '../core/step.ts';
import { authorize } from './authorize.ts';
import type { Parts } from './parts.ts';

/** Enough to find what limits per person and time count. */
const RECENT = 100;

/** The answer to "may this be written now?". */
export type Verdict =
  | { readonly kind: 'go'; readonly node: StoredNode; readonly removed: readonly RemovedWeight[] }
  /** Not now: nothing further is written, somebody may resume. */
  | { readonly kind: 'hold'; readonly fault: Fault }
  | { readonly kind: 'conflict'; readonly fault: Fault }
  /** Production or the journal could not be read. */
  | { readonly kind: 'fail'; readonly fault: Fault }
  | { readonly kind: 'forged'; readonly what: string };

/**
 * Everything that must hold directly before a write, asked anew: brakes, signatures, the people and the policy of Sluice's own files,
 * scope and guard rails on a fresh quorum read of the whole pool, and that the object is as it was shown.
 *
 * @param operation as read from the journal a moment ago.
 */
export async function checkBeforeWrite(
  parts: Parts,
  operation: Operation,
  step: StepRecord,
): Promise<Verdict> {
  const { store, settings, stopFile, clock } = parts;
  const forgery = findForgery(settings.signingKey, operation);
  if (forgery !== undefined) return { kind: 'forged', what: forgery };
  const first = operation.steps.every(({ state }) => state === 'planned');
  const since = clock.now() - settings.bounds.removalWindowMs;
  const [stopPath, freeze, pools, recent, undone, open] = await Promise.all([
    stopFile.present(),
    store.freeze(),
    readPools(parts, operation, step, first),
    policyLooksBack(parts) ? store.recent(RECENT) : ok([]),
    operation.plan.undoes === undefined ? ok(undefined) : store.operation(operation.plan.undoes.id),
    first ? store.open() : ok([]),
  ]);
  if (stopPath !== undefined) return { kind: 'hold', fault: { kind: 'stop-file', path: stopPath } };
  for (const read of [freeze, recent, undone, open]) {
    if (!read.ok) return { kind: 'fail', fault: read.fault };
  }
  if (operation.stopRequestedBy !== undefined) {
    return { kind: 'hold', fault: { kind: 'stopped', id: operation.id, by: operation.stopRequestedBy } };
  }
  if (freeze.ok && freeze.value !== undefined && operation.plan.undoes === undefined) {
    return { kind: 'hold', fault: { kind: 'frozen', ...freeze.value } };
  }
  const rule = judgeAgain(parts, operation, {
    recent: recent.ok ? recent.value : [],
    undone: undone.ok ? undone.value : undefined,
  });
  if (!rule.ok) return { kind: 'hold', fault: rule.fault };
  if (!pools.ok) return { kind: 'fail', fault: pools.fault };
  const moved = first ? findMoved(operation, pools.value) : undefined;
  if (moved !== undefined) return { kind: 'conflict', fault: moved };
  const pool = pools.value.find((one) => poolPath(one) === poolPath(step.key));
  const node = pool?.nodes.find(({ key }) => key.host === step.key.host);
  const movedSinceStep = movedSince(operation, step, node);
  if (movedSinceStep !== undefined || pool === undefined || node === undefined) {
    return { kind: 'conflict', fault: movedSinceStep ?? { kind: 'object-absent', key: step.key } };
  }
  const flying = findInFlight(
    step.key,
    open.ok ? open.value.filter(({ state }) => state === 'uncertain') : [],
    operation.id,
  );
  if (flying !== undefined) return { kind: 'hold', fault: flying };
  const views = await viewPools(parts, pools.value, rule.value, since);
  if (!views.ok) return { kind: 'fail', fault: views.fault };
  // The whole rest of the operation is walked: what would have to stop half way does not begin.
  const rest = operation.steps.filter(
    (one) => one.index >= step.index && views.value.some((view) => poolPath(view.pool) === poolPath(one.key)),
  );
  const guard = guardWrites(rest, views.value);
  if (guard !== undefined) return { kind: 'hold', fault: guard };
  const removed = views.value.find((view) => poolPath(view.pool) === poolPath(step.key))?.removed ?? [];
  return { kind: 'go', node, removed };
}

/** What the guard rails look at: each pool as read just now, and what was taken from it lately. */
async function viewPools(
  { store, settings }: Parts,
  pools: readonly Pool[],
  maxShareRemoved: number,
  since: number,
): Promise<Result<readonly WriteView[]>> {
  const views: WriteView[] = [];
  const removals = await Promise.all(pools.map((pool) => store.removals(pool, since)));
  for (const [index, pool] of pools.entries()) {
    const removed = removals[index];
    if (removed?.ok !== true) return removed ?? fail({ kind: 'store-unreachable', cause: 'no answer' });
    const { threshold } = serviceFacts(settings.catalogue, pool.service);
    views.push({ pool, threshold, removed: removed.value, maxShareRemoved, scope: settings.scope });
  }
  return ok(views);
}

/** Before the first write every object of the plan is looked at; later only the pool of the step. */
async function readPools(
  parts: Parts,
  operation: Operation,
  step: StepRecord,
  first: boolean,
): Promise<Result<readonly Pool[]>> {
  const keys = first ? operation.plan.effects.map(({ pool }) => pool) : [step.key];
  const pools = await Promise.all(keys.map((key) => parts.conftool.pool(key)));
  const read: Pool[] = [];
  for (const pool of pools) {
    if (!pool.ok) return pool;
    read.push(pool.value);
  }
  return ok(read);
}

/** Rules with a sliding window need the person's earlier operations; most policies' deciding rules do not. */
function policyLooksBack({ settings }: Parts): boolean {
  return settings.policy().rules.some((rule) => rule.per !== undefined);
}

/**
 * Judges the operation by today's people and policy: the asker's roles, the rule, and that enough people who may approve now did.
 *
 * @returns the share that may be removed.
 */
function judgeAgain(
  { settings, clock }: Parts,
  operation: Operation,
  known: { readonly recent: readonly Operation[]; readonly undone: Operation | undefined },
): Result<number> {
  const { request, plan, id } = operation;
  const people = settings.people();
  const person = people.find(({ name }) => name === request.person);
  if (person === undefined) return fail({ kind: 'role-missing', person: request.person, need: ['any'] });
  const { recent, undone } = known;
  // Ages are measured to when it was asked: an undo that waited for its turn does not lose its rule.
  const judged = authorize(settings, {
    command: request.command,
    plan,
    person,
    now: Math.min(clock.now(), operation.createdAt),
    recent,
    id,
    undone,
  });
  if (!judged.ok) return judged;
  const rule = judged.value;
  const counted = new Set(
    operation.votes
      .filter(
        (vote) =>
          vote.verdict === 'approve' && vote.person !== request.person && vote.at <= operation.expiresAt,
      )
      .filter((vote) =>
        people.some(
          ({ name, roles }) => name === vote.person && roles.some((role) => rule.approve.includes(role)),
        ),
      )
      .map((vote) => vote.person),
  );
  if (counted.size < rule.approvals)
    return fail({ kind: 'approvals-missing', id, have: counted.size, need: rule.approvals });
  return ok(rule.maxShareRemoved);
}

function findMoved(operation: Operation, pools: readonly Pool[]): Fault | undefined {
  for (const change of operation.plan.changes) {
    const pool = pools.find((one) => poolPath(one) === poolPath(change.key));
    const node = pool?.nodes.find(({ key }) => key.host === change.key.host);
    if (node?.modifiedIndex === change.beforeIndex && node.text === change.beforeText) continue;
    return {
      kind: 'changed-since',
      key: change.key,
      shown: change.before,
      shownIndex: change.beforeIndex,
      now: node?.state,
      nowIndex: node?.modifiedIndex,
    };
  }
  return undefined;
}

/** The object must be as the plan showed it, or as our own last step left it. */
function movedSince(operation: Operation, step: StepRecord, node: StoredNode | undefined): Fault | undefined {
  const expected = expectedIndex(operation, step);
  if (node?.modifiedIndex === expected) return undefined;
  return {
    kind: 'changed-since',
    key: step.key,
    shown: step.from,
    shownIndex: expected,
    now: node?.state,
    nowIndex: node?.modifiedIndex,
  };
}

function expectedIndex(operation: Operation, step: StepRecord): number {
  const earlier = stepsOf(operation, step.key).filter(
    ({ index, state }) => index < step.index && state === 'done',
  );
  const change = operation.plan.changes.find(({ key }) => nodePath(key) === nodePath(step.key));
  return earlier.at(-1)?.result?.modifiedIndex ?? change?.beforeIndex ?? -1;
}
