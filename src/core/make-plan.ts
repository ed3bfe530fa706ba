import { downHosts } from './balanced-pool.ts';
import { serviceFacts } from './catalogue.ts';
import { dependencyNotes } from './dependency.ts';
import type { Facts } from './facts.ts';
import { legalPath } from './legal-path.ts';
import type { NodeState, Pool, PoolKey, StoredNode } from './node.ts';
import { nodePath, poolPath, sameState } from './node.ts';
import type { Operation } from './operation.ts';
import { isOnNodes } from './operation.ts';
import type { Change, NodePlan, PlanNote, PoolEffect, PoolView, Verb } from './node-plan.ts';
import type { Plan } from './plan.ts';
import { recordTtl } from './stored-value.ts';
import { servingWeight, shareOf, viewPool, withState } from './pool-view.ts';

/** An object as it is now, and what it shall be. */
export interface Target {
  readonly node: StoredNode;
  readonly after: NodeState;
}

/** What a plan says besides its changes. */
export interface PlanHead {
  readonly verb: Verb;
  readonly service: string;
  readonly weight?: number | undefined;
  readonly undoes?: NodePlan['undoes'];
  readonly notes?: readonly PlanNote[];
  readonly pace?: NodePlan['pace'];
  readonly drainMs?: number | undefined;
  readonly forMs?: number | undefined;
  readonly everyService?: boolean | undefined;
}

/**
 * Turns targets into a plan: the changes in legal steps, one pool after the other, and what they do to traffic.
 * Objects that are already as asked are listed, not changed.
 */
export function makePlan(head: PlanHead, targets: readonly Target[], facts: Facts): NodePlan {
  const changes = inPoolOrder(
    targets
      .filter(({ node, after }) => !sameState(node.state, after))
      .map((target) => changeOf(target, head.drainMs !== undefined)),
  );
  return {
    verb: head.verb,
    service: head.service,
    weight: head.weight,
    changes,
    alreadySo: targets
      .filter(({ node, after }) => sameState(node.state, after))
      .map(({ node }) => ({ key: node.key, state: node.state })),
    effects: effectsOf(changes, facts),
    notes: [
      ...changes.flatMap((change) => notesOf(change, facts.recent)),
      ...neighbourNotes(changes, facts.pools),
      ...dependencyNotes(
        changes.filter(removesCapacity).map(({ key }) => key),
        facts.dependencies,
      ),
      ...(head.notes ?? []),
    ],
    undoes: head.undoes,
    ...(head.pace === undefined ? {} : { pace: head.pace }),
    ...(head.drainMs === undefined ? {} : { drainMs: head.drainMs }),
    ...(head.everyService === true ? { everyService: true } : {}),
    ...(head.forMs === undefined ? {} : { forMs: head.forMs }),
  };
}

/** Whether carrying out the change takes serving weight away at any moment. */
function removesCapacity(change: Pick<Change, 'before' | 'path'>): boolean {
  return change.path.some((state) => servingWeight(state) < servingWeight(change.before));
}

/** Whether anything serves less after the plan than before it. */
export function takesAway(plan: Plan): boolean {
  return 'scales' in plan
    ? plan.scales.some(({ before, after }) => after < before)
    : plan.changes.some(removesCapacity);
}

/** A host that is drained first serves with the smallest share: new connections go elsewhere, those that it has may end. */
function changeOf({ node, after }: Target, drains: boolean): Change {
  const drained: NodeState = { pooled: 'yes', weight: 1 };
  const path = legalPath(node.state, after);
  const isDrained = drains && node.state.pooled === 'yes' && node.state.weight > 1 && after.pooled === 'no';
  return {
    key: node.key,
    before: node.state,
    beforeText: node.text,
    beforeIndex: node.modifiedIndex,
    after,
    path: isDrained ? [drained, ...path] : path,
  };
}

/** One data centre at a time: changes keep their order inside a pool, pools the order of their first change. */
function inPoolOrder(changes: readonly Change[]): readonly Change[] {
  const pools = [...new Set(changes.map(({ key }) => poolPath(key)))];
  return pools.flatMap((pool) => changes.filter(({ key }) => poolPath(key) === pool));
}

function effectsOf(changes: readonly Change[], facts: Facts): readonly PoolEffect[] {
  const { catalogue, groups } = facts;
  const order = [...new Set(changes.map(({ key }) => poolPath(key)))];
  const touched = order.flatMap((path) => facts.pools.filter((pool) => poolPath(pool) === path));
  return touched.flatMap((pool) => {
    const own = changes.filter(({ key }) => poolPath(key) === poolPath(pool));
    const after = own.reduce((state, change) => withState(state, change.key.host, change.after), pool);
    const hosts = new Set(own.map(({ key }) => key.host));
    const { threshold } = serviceFacts(catalogue, pool.service);
    const balanced = facts.balanced.get(poolPath(pool));
    const down = downHosts(balanced);
    const [shareBefore, shareAfter] = [shareOf(pool, hosts, down), shareOf(after, hosts, down)];
    const [before, then] = [pool, after].map((one) => viewPool(one, threshold, groups, balanced)) as [
      PoolView,
      PoolView,
    ];
    const removed = own.reduce(
      (sum, { before: b, after: a }) => sum + Math.max(0, servingWeight(b) - servingWeight(a)),
      0,
    );
    return [
      {
        pool: keyOfPool(pool),
        before,
        after: then,
        shareBefore,
        shareAfter,
        carryFactor: shareBefore < 1 && then.weight > 0 ? (1 - shareAfter) / (1 - shareBefore) : undefined,
        removedPercent: before.weight === 0 ? 0 : (100 * removed) / before.weight,
        ...(pool.record === undefined ? {} : { leads: leadsOf(pool, after, own) }),
      },
    ];
  });
}

function keyOfPool({ dc, cluster, service, record }: Pool): PoolKey {
  return { dc, cluster, service, ...(record === undefined ? {} : { record }) };
}

/** Where a record leads before and after, and how long clients may go on with what it said. */
function leadsOf(before: Pool, after: Pool, changes: readonly Change[]): NonNullable<PoolEffect['leads']> {
  const active = ({ nodes }: Pool): readonly string[] =>
    nodes.filter(({ state }) => state.pooled === 'yes').map(({ key }) => key.host);
  const ttls = changes.flatMap(({ beforeText }) => recordTtl(beforeText) ?? []);
  return {
    before: active(before),
    after: active(after),
    ...(ttls.length === 0 ? {} : { ttl: Math.max(...ttls) }),
  };
}

function notesOf(change: Change, recent: readonly Operation[]): readonly PlanNote[] {
  const { key, before, after } = change;
  const notes: PlanNote[] = [];
  if (before.pooled === 'inactive' && after.pooled === 'yes') notes.push(inactiveSince(change, recent));
  if (before.weight === 0 && after.pooled === 'yes' && after.weight === 1) {
    notes.push({ kind: 'weight-raised', key, to: after.weight });
  }
  return notes;
}

/** Since when and by whom: etcd keeps no time, so only an operation of ours whose write is still the last one can tell. */
function inactiveSince({ key, beforeIndex }: Change, recent: readonly Operation[]): PlanNote {
  for (const operation of recent.filter(isOnNodes)) {
    const step = operation.steps.find(
      (one) => nodePath(one.key) === nodePath(key) && one.result?.modifiedIndex === beforeIndex,
    );
    if (step !== undefined) {
      const by = operation.request.person;
      return { kind: 'inactive-since', key, by, operation: operation.id, at: step.result?.readBackAt };
    }
  }
  return { kind: 'inactive-since', key, by: undefined, operation: undefined, at: undefined };
}

function neighbourNotes(changes: readonly Change[], pools: readonly Pool[]): readonly PlanNote[] {
  const touched = new Set(changes.map(({ key }) => poolPath(key)));
  return pools
    .filter((pool) => touched.has(poolPath(pool)))
    .flatMap((pool) =>
      pool.malformed.map(({ key, why }) => ({ kind: 'malformed-neighbour' as const, key, why })),
    );
}
