import type { Fault, GuardFault } from './fault.ts';
import { legalPath } from './legal-path.ts';
import type { NodeKey, NodeState, Pool } from './node.ts';
import { nodePath, poolPath, sameState } from './node.ts';
import type { Operation } from './operation.ts';
import type { Plan } from './plan.ts';
import { floorOf, servingWeight, withState } from './pool-view.ts';
import type { Scope } from './scope.ts';
import { insideScope, scopeText } from './scope.ts';

/** Serving weight that a host lost a while ago and has not got back. */
export interface RemovedWeight {
  readonly host: string;
  readonly weight: number;
}

/** What one write is judged by. `pool` is as read a moment ago. */
export interface WriteView {
  readonly pool: Pool;
  readonly threshold: number;
  /** Removed from this pool in the last 30 minutes, by any operation. */
  readonly removed: readonly RemovedWeight[];
  /** Percent of the serving weight that may go in 30 minutes. */
  readonly maxShareRemoved: number;
  readonly scope: Scope;
}

/**
 * What no write may do, whoever asked for it.
 *
 * @returns the first guard rail that the write would break, with its numbers; undefined when it may be written.
 */
export function guardWrite(key: NodeKey, to: NodeState, view: WriteView): Fault | undefined {
  const { pool, scope } = view;
  if (!insideScope(scope, key)) return { kind: 'outside-scope', at: key, scope: scopeText(scope) };
  const malformed = pool.malformed.find((node) => node.key.host === key.host);
  if (malformed !== undefined)
    return { kind: 'object-malformed', key, text: malformed.text, why: malformed.why };
  const node = pool.nodes.find((one) => one.key.host === key.host);
  if (node === undefined) return { kind: 'object-absent', key };
  if (to.pooled === 'yes' && to.weight === 0) return { kind: 'weight-zero', key };
  if (legalPath(node.state, to).length > 1) return { kind: 'step-illegal', key, from: node.state, to };
  return guardServing(key, node.state, to, view) ?? guardShare(key, node.state, to, view);
}

/**
 * Walks writes, one after the other, on the pools as they are now: no step on the way may break a guard rail, nor the end.
 *
 * @param views one per pool that the writes touch.
 */
export function guardWrites(
  writes: readonly { readonly key: NodeKey; readonly to: NodeState }[],
  views: readonly WriteView[],
): Fault | undefined {
  let now = views;
  for (const { key, to } of writes) {
    const view = now.find(({ pool }) => poolPath(pool) === poolPath(key));
    if (view === undefined) return { kind: 'object-absent', key };
    const fault = guardWrite(key, to, view);
    if (fault !== undefined) return fault;
    const next = afterWrite(view, key, to);
    now = now.map((one) => (one === view ? next : one));
  }
  return undefined;
}

/**
 * Judges a whole plan: its objects are nobody else's just now, and every step of it keeps the guard rails.
 *
 * @param open operations that are not final.
 */
export function guardPlan(
  plan: Plan,
  views: readonly WriteView[],
  open: readonly Operation[],
): Fault | undefined {
  for (const { key } of plan.changes) {
    const flying = findInFlight(key, open);
    if (flying !== undefined) return flying;
  }
  return guardWrites(
    plan.changes.flatMap(({ key, path }) => path.map((to) => ({ key, to }))),
    views,
  );
}

/** The operation that is about to write, or may have written, the same object. One that waits for approval or is held does not block. */
export function findInFlight(
  key: NodeKey,
  open: readonly Operation[],
  except?: string,
): GuardFault | undefined {
  for (const operation of open) {
    if (operation.id === except) continue;
    const busy = operation.state === 'queued' || operation.state === 'running';
    const doubtful = operation.state === 'uncertain';
    const touches = operation.steps.some(
      (step) => nodePath(step.key) === nodePath(key) && (busy || (doubtful && step.state === 'uncertain')),
    );
    if (touches) return { kind: 'in-flight', key, operation: operation.id, state: operation.state };
  }
  return undefined;
}

/** Only a write that lowers what serves can break the floor: a pool that is below it may still be repaired. */
function guardServing(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  if (from.pooled !== 'yes' || to.pooled === 'yes') return undefined;
  const { dc, service } = key;
  const after = withState(view.pool, key.host, to).nodes.map(({ state }) => state.pooled);
  const serving = after.filter((pooled) => pooled === 'yes').length;
  const total = after.filter((pooled) => pooled !== 'inactive').length + view.pool.malformed.length;
  if (serving === 0) return { kind: 'last-host', dc, service, host: key.host };
  const floor = floorOf(view.threshold, total);
  return serving < floor
    ? { kind: 'floor', dc, service, serving, total, floor, now: serving + 1 }
    : undefined;
}

/** The share is taken of what served before any of it went, so that many small removals add up like one large one. */
function guardShare(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  const lost = servingWeight(from) - servingWeight(to);
  if (lost <= 0) return undefined;
  const earlier = sum(view.removed.map(({ weight }) => weight));
  const base = earlier + sum(view.pool.nodes.map(({ state }) => servingWeight(state)));
  const percent = (100 * (earlier + lost)) / base;
  if (percent <= view.maxShareRemoved) return undefined;
  const { dc, service } = key;
  return {
    kind: 'share-removed',
    dc,
    service,
    percent,
    most: view.maxShareRemoved,
    earlierPercent: (100 * earlier) / base,
  };
}

/**
 * The removed weight of a host after a write: what it lost is added, what it got back is taken off.
 *
 * @returns 0 when the host serves with at least what it had.
 */
export function removedAfter(
  removed: readonly RemovedWeight[],
  host: string,
  from: NodeState,
  to: NodeState,
): number {
  const before = removed.find((one) => one.host === host)?.weight ?? 0;
  return Math.max(0, before + servingWeight(from) - servingWeight(to));
}

function afterWrite(view: WriteView, key: NodeKey, to: NodeState): WriteView {
  const node = view.pool.nodes.find((one) => one.key.host === key.host);
  if (node === undefined || sameState(node.state, to)) return view;
  const weight = removedAfter(view.removed, key.host, node.state, to);
  return {
    ...view,
    pool: withState(view.pool, key.host, to),
    removed: [...view.removed.filter(({ host }) => host !== key.host), { host: key.host, weight }],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
