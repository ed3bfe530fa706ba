import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import { areReportedDown, findInFlight, guardTogether, guardWrites } from '../core/guard-rails.ts';
import type { NodeKey, Pool, PoolKey, StoredNode } from '../core/node.ts';
import { nodePath, poolPath } from '../core/node.ts';
import type { NodeOperation } from '../core/operation.ts';
import { stepsOf } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import { findForgery } from '../core/signature.ts';
import type { NodeStep } from '../core/step.ts';
import { findBrake, readBrakes } from './brakes.ts';
import { findFlood, judgeAgain, looksBack } from './judge-again.ts';
import type { Parts } from './parts.ts';
import { writeViews } from './write-views.ts';

/** Enough to find what limits per person and time count. */
export const RECENT = 100;

/** The answer to "may these be written now?". */
export type Verdict =
  | NoGo
  | {
      readonly kind: 'go';
      /** The objects of the steps, in their order. */
      readonly nodes: readonly StoredNode[];
      /** Their pool, as the guard rails saw it. */
      readonly view: WriteView;
    };

/** Why they may not. */
export type NoGo =
  /** Not now: nothing further is written, somebody may resume. */
  | { readonly kind: 'hold'; readonly fault: Fault }
  /** Not now, and nothing else either, until a person has looked. */
  | { readonly kind: 'freeze'; readonly fault: Fault }
  | { readonly kind: 'conflict'; readonly fault: Fault }
  /** Production or the journal could not be read. */
  | { readonly kind: 'fail'; readonly fault: Fault }
  | { readonly kind: 'forged'; readonly what: string };

/**
 * Everything that must hold directly before a write, asked anew: brakes, signatures, the people and the policy of Sluice's own files,
 * scope and guard rails on a fresh quorum read of the whole pool and the load balancers' view of it, and that the objects are as they were shown.
 *
 * @param operation as read from the journal a moment ago.
 * @param group steps of one pool that are to be written at the same time; at least one.
 */
export async function checkBeforeWrite(
  parts: Parts,
  operation: NodeOperation,
  group: readonly NodeStep[],
): Promise<Verdict> {
  const { store, settings } = parts;
  const forgery = findForgery(settings.signingKey, operation);
  if (forgery !== undefined) return { kind: 'forged', what: forgery };
  const first = operation.steps.every(({ state }) => state === 'planned');
  const [pools, recent, undone, open, suspended] = await Promise.all([
    readPools(parts, operation, group, first),
    looksBack(parts, operation) ? store.recent(RECENT) : ok([]),
    operation.plan.undoes === undefined ? ok(undefined) : store.operation(operation.plan.undoes.id),
    first ? store.open() : ok([]),
    store.suspensions(),
  ]);
  for (const read of [recent, undone, open, suspended]) {
    if (!read.ok) return { kind: 'fail', fault: read.fault };
  }
  if (operation.stopRequestedBy !== undefined) {
    return { kind: 'hold', fault: { kind: 'stopped', id: operation.id, by: operation.stopRequestedBy } };
  }
  if (!pools.ok) return { kind: 'fail', fault: pools.fault };
  const moved = first ? findMoved(operation, pools.value) : undefined;
  if (moved !== undefined) return { kind: 'conflict', fault: moved };
  const nodes: StoredNode[] = [];
  for (const step of group) {
    const node = nodeIn(pools.value, step.key);
    const fault = movedSince(operation, step, node);
    if (fault !== undefined || node === undefined)
      return { kind: 'conflict', fault: fault ?? { kind: 'object-absent', key: step.key } };
    nodes.push(node);
  }
  const doubtful = open.ok ? open.value.filter(({ state }) => state === 'uncertain') : [];
  for (const { key } of group) {
    const flying = findInFlight(key, doubtful, operation.id);
    if (flying !== undefined) return { kind: 'hold', fault: flying };
  }
  // Last, so that nothing that takes its time comes between a brake and the write.
  const [views, brakes, flood] = await Promise.all([
    writeViews(parts, pools.value, {
      overrides: operation.request.breakGlass?.overrides ?? [],
      maxShareRemoved: 0,
    }),
    readBrakes(parts),
    findFlood(parts, operation, group.length),
  ]);
  if (!views.ok) return { kind: 'fail', fault: views.fault };
  const rest = restOf(operation, views.value);
  const lbDown = areReportedDown(rest, views.value);
  const brake = findBrake(parts, brakes, { plan: operation.plan, request: operation.request, lbDown });
  if (!brake.ok) return { kind: 'fail', fault: brake.fault };
  if (brake.value !== undefined) return { kind: 'hold', fault: brake.value };
  if (flood !== undefined) return { kind: 'freeze', fault: flood };
  const rule = await judgeAgain(parts, operation, {
    recent: recent.ok ? recent.value : [],
    undone: undone.ok ? undone.value : undefined,
    lbDown,
    suspended: suspended.ok ? suspended.value : [],
  });
  if (!rule.ok) return { kind: 'hold', fault: rule.fault };
  const judged = views.value.map((view) => ({ ...view, maxShareRemoved: rule.value }));
  const guard = guardTogether(group, judged) ?? guardWrites(rest, judged);
  if (guard !== undefined) return { kind: 'hold', fault: guard };
  const view = judged.find(({ pool }) => group[0] !== undefined && poolPath(pool) === poolPath(group[0].key));
  return view === undefined
    ? { kind: 'fail', fault: { kind: 'shutting-down' } }
    : { kind: 'go', nodes, view };
}

/** The whole rest of the operation is walked: what would have to stop half way does not begin. */
function restOf(operation: NodeOperation, views: readonly WriteView[]): readonly NodeStep[] {
  return operation.steps.filter(
    ({ state, key }) => state !== 'done' && views.some(({ pool }) => poolPath(pool) === poolPath(key)),
  );
}

function nodeIn(pools: readonly Pool[], key: NodeKey): StoredNode | undefined {
  const pool = pools.find((one) => poolPath(one) === poolPath(key));
  return pool?.nodes.find((node) => node.key.host === key.host);
}

/** Before the first write every object of the plan is looked at; later only the pool of the steps. */
async function readPools(
  parts: Parts,
  operation: NodeOperation,
  group: readonly NodeStep[],
  first: boolean,
): Promise<Result<readonly Pool[]>> {
  const keys: readonly PoolKey[] = first
    ? operation.plan.effects.map(({ pool }) => pool)
    : group.slice(0, 1).map(({ key }) => key);
  const pools = await Promise.all(keys.map((key) => parts.conftool.pool(key)));
  const read: Pool[] = [];
  for (const pool of pools) {
    if (!pool.ok) return pool;
    read.push(pool.value);
  }
  return ok(read);
}

function findMoved(operation: NodeOperation, pools: readonly Pool[]): Fault | undefined {
  for (const change of operation.plan.changes) {
    const node = nodeIn(pools, change.key);
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
function movedSince(
  operation: NodeOperation,
  step: NodeStep,
  node: StoredNode | undefined,
): Fault | undefined {
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

function expectedIndex(operation: NodeOperation, step: NodeStep): number {
  const earlier = stepsOf(operation, step.key).filter(
    ({ index, state }) => index < step.index && state === 'done',
  );
  const change = operation.plan.changes.find(
    ({ key }) => key.host === step.key.host && nodePath(key) === nodePath(step.key),
  );
  return earlier.at(-1)?.result?.modifiedIndex ?? change?.beforeIndex ?? -1;
}
