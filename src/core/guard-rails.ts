import type { BalancedPool } from './balanced-pool.ts';
import {
  balancersThatFindDown,
  downHosts,
  isReportedDown,
  isUpOnEach,
  isUpOnSome,
  silentBalancers,
} from './balanced-pool.ts';
import type { Fault, GuardFault } from './fault.ts';
import { copyNodes, nodeOf, placeOf } from './host-places.ts';
import { legalPath } from './legal-path.ts';
import type { NodeKey, NodeState, Pool, StoredNode } from './node.ts';
import { isSameNode, isSamePool, poolPath, sameState } from './node.ts';
import type { Operation } from './operation.ts';
import { isOnNodes } from './operation.ts';
import type { Override } from './override.ts';
import type { NodePlan } from './node-plan.ts';
import { carriedWeight, floorOf, servingWeight, withState } from './pool-view.ts';
import type { Scope } from './scope.ts';
import { insideScope, scopeText } from './scope.ts';

/** What PyBal and conftool's own wrappers stay within. */
const WEIGHT_MOST = 65_535;

/** Serving weight that a host lost a while ago and has not got back. */
interface RemovedWeight {
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
  /** What the load balancers say of it; undefined where none is configured: then declared counts as serving. */
  readonly balanced: readonly BalancedPool[] | undefined;
  /** Of a DNS record: the pools that it leads to, in each of its data centres. */
  readonly receiving?: readonly Pick<WriteView, 'pool' | 'threshold' | 'balanced'>[] | undefined;
  /** Guard rails that break-glass names: those yield, no others. */
  readonly overrides: readonly Override[];
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
  const node = nodeOf(pool.nodes, key.host);
  if (node === undefined) return { kind: 'object-absent', key };
  if (key.record !== undefined) return guardRecord(key, node.state, to, view);
  if (to.pooled === 'yes' && to.weight === 0) return { kind: 'weight-zero', key };
  if (!Number.isInteger(to.weight) || to.weight < 0 || to.weight > WEIGHT_MOST)
    return { kind: 'weight-range', key, weight: to.weight };
  if (legalPath(node.state, to).length > 1) return { kind: 'step-illegal', key, from: node.state, to };
  return (
    guardRaise(key, node.state, to, view) ??
    guardServing(key, node.state, to, view) ??
    guardShare(key, node.state, to, view)
  );
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
  // Copied once, and changed in place on the way: a plan may have a thousand writes.
  const walked = views.map(copyToWalk);
  for (const [place, { key, to }] of writes.entries()) {
    const view = walked.find(({ pool }) => isSamePool(pool, key));
    if (view === undefined) return { kind: 'object-absent', key };
    const fault = guardWrite(key, to, view);
    if (fault?.kind === 'floor') return floorAtTheEnd(fault, writes.slice(place), { view, views });
    if (fault?.kind === 'share-removed') return shareAtTheEnd(fault, writes, views);
    if (fault !== undefined) return fault;
    applyWrite(view, key, to);
  }
  return undefined;
}

/**
 * Judges writes that are in flight at the same time: whichever of them have happened, and whichever have not, the floor holds. What takes away is
 * walked without what adds: nothing that could be there is worse than that.
 */
export function guardTogether(
  writes: readonly { readonly key: NodeKey; readonly from: NodeState; readonly to: NodeState }[],
  views: readonly WriteView[],
): Fault | undefined {
  if (writes.length < 2) return undefined;
  return guardWrites(
    writes.filter(({ from, to }) => servingWeight(to) < servingWeight(from)),
    views,
  );
}

/** Whether every load balancer finds every one of these hosts down: then nothing that serves goes with them. */
export function areReportedDown(
  writes: readonly { readonly key: NodeKey }[],
  views: readonly Pick<WriteView, 'pool' | 'balanced'>[],
): boolean {
  return writes.every(({ key }) => {
    const view = views.find(({ pool }) => isSamePool(pool, key));
    return view?.balanced !== undefined && isReportedDown(view.balanced, key.host);
  });
}

/**
 * Judges a whole plan: its objects are nobody else's just now, and every step of it keeps the guard rails.
 *
 * @param open operations that are not final.
 */
export function guardPlan(
  plan: NodePlan,
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
  for (const operation of open.filter(isOnNodes)) {
    if (operation.id === except) continue;
    const busy = operation.state === 'queued' || operation.state === 'running';
    const doubtful = operation.state === 'uncertain';
    const touches = operation.steps.some(
      (step) => isSameNode(step.key, key) && (busy || (doubtful && step.state === 'uncertain')),
    );
    if (touches) return { kind: 'in-flight', key, operation: operation.id, state: operation.state };
  }
  return undefined;
}

/** A record never leads nowhere; and wherever it leads to more than before, enough must serve. */
function guardRecord(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  const record = poolPath(key);
  const after = withState(view.pool, key.host, to).nodes.filter(({ state }) => state.pooled === 'yes');
  const lowers = from.pooled === 'yes' && to.pooled !== 'yes';
  if (lowers && after.length === 0) return { kind: 'last-data-centre', record, dc: key.host };
  if (view.overrides.includes('floor')) return undefined;
  const getting = lowers ? after.map((one) => one.key.host) : to.pooled === 'yes' ? [key.host] : [];
  for (const { pool, threshold, balanced } of view.receiving ?? []) {
    if (!getting.includes(pool.dc)) continue;
    const { dc, service } = pool;
    const balancers = silentBalancers(balanced ?? []);
    if (balancers.length > 0) return { kind: 'balancer-silent', dc, service, balancers };
    for (const { serves } of measures({ balanced })) {
      const count = countServing(pool, serves, { threshold });
      if (count.serving === 0 || count.serving < count.floor)
        return { kind: 'receiver-below-floor', record, dc, service, ...count };
    }
  }
  return undefined;
}

/** A host that load balancers find down would be enabled and not serve; below the threshold it would even be sent traffic. */
function guardRaise(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  if (from.pooled === 'yes' || to.pooled !== 'yes' || view.overrides.includes('probe')) return undefined;
  const balancers = balancersThatFindDown(view.balanced ?? [], key.host);
  return balancers.length === 0 ? undefined : { kind: 'down-on-balancer', key, balancers };
}

/**
 * Only a write that lowers what serves can break the floor: a pool that is below it may still be repaired, and a host that every load balancer finds
 * down may always go. The last one that is declared never goes.
 */
function guardServing(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  if (from.pooled !== 'yes' || to.pooled === 'yes') return undefined;
  const { dc, service, host } = key;
  const after = withState(view.pool, host, to);
  const last: GuardFault = { kind: 'last-host', dc, service, host };
  if (!after.nodes.some(({ state }) => state.pooled === 'yes')) return last;
  const yields = view.overrides.includes('floor');
  const balancers = silentBalancers(view.balanced ?? []);
  if (balancers.length > 0 && !yields) return { kind: 'balancer-silent', dc, service, balancers };
  for (const { serves, isLowered } of measures(view)) {
    if (!isLowered(host)) continue;
    const count = countServing(after, serves, view);
    if (count.serving === 0) return last;
    if (count.serving < count.floor && !yields) {
      const now = countServing(view.pool, serves, view).serving;
      return { kind: 'floor', dc, service, ...count, now, down: downAmong(view.pool, serves) };
    }
  }
  return undefined;
}

/** One way in which hosts of a pool serve: each catalogue service that it carries has its own health checks. */
interface Measure {
  readonly serves: (host: string) => boolean;
  /** Whether taking the host away takes anything away. */
  readonly isLowered: (host: string) => boolean;
}

function measures({ balanced }: Pick<WriteView, 'balanced'>): readonly Measure[] {
  const always = (): boolean => true;
  return (
    balanced?.map((pool) => ({
      serves: (host: string) => isUpOnEach(pool, host),
      isLowered: (host: string) => isUpOnSome(pool, host),
    })) ?? [{ serves: always, isLowered: always }]
  );
}

function countServing(
  pool: Pool,
  serves: Measure['serves'],
  { threshold }: Pick<WriteView, 'threshold'>,
): { readonly serving: number; readonly total: number; readonly floor: number } {
  const serving = pool.nodes.filter(({ key, state }) => state.pooled === 'yes' && serves(key.host)).length;
  const total = pool.nodes.filter(({ state }) => state.pooled !== 'inactive').length + pool.malformed.length;
  return { serving, total, floor: floorOf(threshold, total) };
}

function downAmong(pool: Pool, serves: Measure['serves']): readonly string[] {
  const pooled = pool.nodes.filter(({ state }) => state.pooled === 'yes').map(({ key }) => key.host);
  return pooled.filter((host) => !serves(host));
}

/** Who asks for four hosts wants to know how it would end, not at which of them it would have stopped. */
function floorAtTheEnd(
  fault: Extract<GuardFault, { kind: 'floor' }>,
  rest: readonly { readonly key: NodeKey; readonly to: NodeState }[],
  { view, views }: { readonly view: WriteView; readonly views: readonly WriteView[] },
): GuardFault {
  const own = rest.filter(({ key }) => isSamePool(key, view.pool));
  const end = own.reduce((pool, { key, to }) => withState(pool, key.host, to), view.pool);
  const counts = measures(view).map(({ serves }) => countServing(end, serves, view));
  const worst = counts.reduce((least, one) => (one.serving < least.serving ? one : least), fault);
  const { serving, total, floor } = worst;
  const start = views.find(({ pool }) => isSamePool(pool, view.pool))?.pool ?? view.pool;
  const now = Math.min(...measures(view).map(({ serves }) => countServing(start, serves, view).serving));
  return { ...fault, serving, total, floor, now };
}

/** As with the floor: the whole of what is asked for, beside what had gone before it was. */
function shareAtTheEnd(
  fault: Extract<GuardFault, { kind: 'share-removed' }>,
  writes: readonly { readonly key: NodeKey; readonly to: NodeState }[],
  views: readonly WriteView[],
): GuardFault {
  const view = views.find(({ pool }) => pool.dc === fault.dc && pool.service === fault.service);
  if (view === undefined) return fault;
  const down = downHosts(view.balanced);
  const { nodes } = view.pool;
  const lost = writes
    .filter(({ key }) => isSamePool(key, view.pool))
    .map(({ key, to }) => {
      const from = nodeOf(nodes, key.host)?.state ?? to;
      return Math.max(0, carriedWeight(key.host, from, down) - carriedWeight(key.host, to, down));
    });
  const earlier = sum(view.removed.map(({ weight }) => weight));
  const base = earlier + sum(nodes.map((node) => carriedWeight(node.key.host, node.state, down)));
  return {
    ...fault,
    percent: Math.max(fault.percent, (100 * (earlier + sum(lost))) / base),
    earlierPercent: (100 * earlier) / base,
  };
}

/** The share is taken of what served before any of it went, so that many small removals add up like one large one. */
function guardShare(key: NodeKey, from: NodeState, to: NodeState, view: WriteView): GuardFault | undefined {
  if (view.overrides.includes('budget')) return undefined;
  const down = downHosts(view.balanced);
  const weigh = (host: string, state: NodeState): number => carriedWeight(host, state, down);
  const lost = weigh(key.host, from) - weigh(key.host, to);
  if (lost <= 0) return undefined;
  const earlier = sum(view.removed.map(({ weight }) => weight));
  const base = earlier + sum(view.pool.nodes.map((node) => weigh(node.key.host, node.state)));
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
 * A host that load balancers find down carries nothing, so nothing goes with it.
 *
 * @returns 0 when the host serves with at least what it had.
 */
export function removedAfter(
  { removed, balanced }: Pick<WriteView, 'removed' | 'balanced'>,
  host: string,
  from: NodeState,
  to: NodeState,
): number {
  const before = removed.find((one) => one.host === host)?.weight ?? 0;
  const down = downHosts(balanced);
  return Math.max(0, before + carriedWeight(host, from, down) - carriedWeight(host, to, down));
}

/** A view that a walk changes as it goes. */
interface WalkedView extends WriteView {
  readonly pool: Pool & { readonly nodes: StoredNode[] };
  readonly removed: RemovedWeight[];
}

function copyToWalk(view: WriteView): WalkedView {
  return {
    ...view,
    pool: { ...view.pool, nodes: copyNodes(view.pool.nodes) },
    removed: [...view.removed],
  };
}

function applyWrite(view: WalkedView, key: NodeKey, to: NodeState): void {
  const { nodes } = view.pool;
  const place = placeOf(nodes, key.host);
  const node = place === undefined ? undefined : nodes[place];
  if (place === undefined || node === undefined || sameState(node.state, to)) return;
  const weight = removedAfter(view, key.host, node.state, to);
  nodes[place] = { ...node, state: to };
  const known = view.removed.findIndex(({ host }) => host === key.host);
  if (known === -1) view.removed.push({ host: key.host, weight });
  else view.removed[known] = { host: key.host, weight };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
