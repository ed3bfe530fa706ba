import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import { areReportedDown, findInFlight, guardTogether, guardWrites } from '../core/guard-rails.ts';
import { nodeOf } from '../core/host-places.ts';
import type { NodeKey, Pool, PoolKey, StoredNode } from '../core/node.ts';
import { isSameNode, isSamePool } from '../core/node.ts';
import type { NodeOperation, Operation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { stepsOf } from '../core/progress.ts';
import { ok } from '../core/result.ts';
import { findForgery } from '../core/signature.ts';
import type { NodeStep } from '../core/step.ts';
import { ridersOf } from '../core/riding.ts';
import { isAsSeen } from './as-seen.ts';
import { findBrake } from './brakes.ts';
import { isOverdue } from './overdue.ts';
import { judgeAgain, looksBack } from './judge-again.ts';
import type { Parts } from './parts.ts';
import type { Judged, Judging } from './read-judged.ts';
import { readJudged } from './read-judged.ts';
import { findFlood } from './standing.ts';
import { writeViews } from './write-views.ts';

/** The answer to "may these be written now?". */
export type Verdict =
  | NoGo
  /** Somebody else has the operation. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'go';
      /** As the journal has it now. */
      readonly operation: NodeOperation;
      /** The objects of the steps, in their order. */
      readonly nodes: readonly StoredNode[];
      /** Their pool, as the guard rails saw it. */
      readonly view: WriteView;
      /** Of the brakes that let it pass: the intent is journaled only while they are the same. */
      readonly mark: string;
      /** Of the journal that it rests on, where that was read before: the intent is journaled only while it is the same. */
      readonly revision?: string | undefined;
      /** Its place in line was not looked up: the intent is journaled only when it is the first. */
      readonly isAhead: boolean;
      /** It rests on what the watch has seen of production: then the intent may be journaled, and nothing sent before this says so. */
      readonly confirmed?: Promise<Verdict>;
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

/** Writes of one operation that are to be made at the same time, and that may be. */
export interface Ride {
  readonly operation: NodeOperation;
  readonly group: readonly NodeStep[];
  readonly verdict: Extract<Verdict, { kind: 'go' }>;
}

/**
 * Everything that must hold directly before a write, asked anew: brakes, signatures, the people and the policy of Sluice's own files,
 * scope and guard rails on a fresh quorum read of the whole pool and the load balancers' view of it, and that the objects are as they were shown.
 *
 * All of it is read at the same time. That no brake was put on since is seen to when the intent is journaled, by `mark`.
 *
 * @param known the operation as this process knows it.
 * @param group steps of one pool that are to be written at the same time; at least one.
 * @param behind who stands behind it in its line.
 * @param ahead what was read since it was decided that it may begin. Then `known` is as that decision has left it, and nobody is looked up but that.
 * @returns with it those behind it that may be written in the same turn. Of the others nothing is said: their own turn comes.
 */
export async function checkBeforeWrite(
  parts: Parts,
  known: NodeOperation,
  {
    group,
    behind,
    ahead,
  }: {
    readonly group: readonly NodeStep[];
    readonly behind: readonly string[];
    readonly ahead?: Judging | undefined;
  },
): Promise<{
  readonly operation: NodeOperation;
  readonly verdict: Verdict;
  readonly riders: readonly Ride[];
}> {
  if (ahead !== undefined) {
    return { operation: known, verdict: await judgeAhead(parts, known, { group, ahead }), riders: [] };
  }
  const { store } = parts;
  const isFirst = known.steps.every(({ state }) => state === 'planned');
  // Before the first write every object of the plan is looked at; later only the pool of the steps.
  const keys: readonly PoolKey[] = isFirst
    ? known.plan.effects.map(({ pool }) => pool)
    : group.slice(0, 1).map(({ key }) => key);
  const [read, fresh, next] = await Promise.all([
    readJudged(parts, known, { isFirst, keys }),
    store.operation(known.id),
    Promise.all(behind.map((id) => store.operation(id))),
  ]);
  if (!fresh.ok || fresh.value?.epoch !== known.epoch || isScale(fresh.value))
    return { operation: known, verdict: { kind: 'gone' }, riders: [] };
  const operation = fresh.value;
  const verdict = await judgeWrite(parts, operation, { group, read });
  const behindIt = next.map((one) => (one.ok ? one.value : undefined));
  const riders =
    verdict.kind === 'go' ? await findRiders(parts, { operation, group, verdict }, behindIt, read) : [];
  return { operation, verdict, riders };
}

/**
 * Judges a first write by what was read for it. While the pools are being read it is judged by what the watch has seen of them; when that is what they are, it is judged.
 *
 * @returns of an operation that is one write, before that is known.
 */
export async function judgeAhead(
  parts: Parts,
  operation: NodeOperation,
  { group, ahead }: { readonly group: readonly NodeStep[]; readonly ahead: Judging },
): Promise<Verdict> {
  const { seen, revision } = ahead;
  const rest = await ahead.rest;
  const judge = async (pools: Judged['pools']): Promise<Verdict> => {
    const verdict = await judgeWrite(parts, operation, { group, read: { ...rest, pools }, isAhead: true });
    return verdict.kind === 'go' ? { ...verdict, revision } : verdict;
  };
  const early = seen === undefined ? undefined : await judge(ok(seen));
  const last = async (): Promise<Verdict> => {
    const pools = await ahead.pools;
    return early !== undefined && seen !== undefined && isAsSeen(pools, seen) ? early : judge(pools);
  };
  if (early?.kind !== 'go' || operation.steps.length !== 1) return last();
  const confirmed = last();
  // It may be that nobody needs it.
  confirmed.catch(() => undefined);
  return { ...early, confirmed };
}

/** Each is judged as it would be in a turn of its own, and beside those before it: whichever of their writes have happened. */
async function findRiders(
  parts: Parts,
  first: Ride,
  behind: readonly (Operation | undefined)[],
  read: Judged,
): Promise<readonly Ride[]> {
  const candidates = ridersOf(first.operation, behind);
  if (candidates.length === 0 || looksBack(parts, first.operation)) return [];
  const rides: Ride[] = [];
  const judgeBeside = (
    operation: NodeOperation,
    group: readonly NodeStep[],
    beside: readonly NodeStep[],
  ): Promise<Verdict> => judgeWrite(parts, operation, { group, read, beside });
  const mayLead = await judgeBeside(first.operation, first.group, []);
  if (mayLead.kind !== 'go') return [];
  for (const operation of candidates) {
    const beside = [first, ...rides].flatMap(({ group }) => group);
    const verdict = isOverdue(parts, operation)
      ? undefined
      : await judgeBeside(operation, operation.steps, beside);
    if (verdict?.kind !== 'go') break;
    rides.push({ operation, group: operation.steps, verdict });
  }
  return rides;
}

async function judgeWrite(
  parts: Parts,
  operation: NodeOperation,
  {
    group,
    read,
    beside,
    isAhead = false,
  }: {
    readonly group: readonly NodeStep[];
    readonly read: Judged;
    readonly isAhead?: boolean;
    /** Writes of other operations that are in flight at the same time; undefined when there are to be none. */
    readonly beside?: readonly NodeStep[];
  },
): Promise<Verdict> {
  const { isFirst, pools, balanced, standing, recent, undone, open } = read;
  const { journaled } = standing;
  const forgery = findForgery(parts.settings.signingKey, operation);
  if (forgery !== undefined) return { kind: 'forged', what: forgery };
  for (const one of [recent, undone, open, journaled]) {
    if (!one.ok) return { kind: 'fail', fault: one.fault };
  }
  if (operation.stopRequestedBy !== undefined) {
    return { kind: 'hold', fault: { kind: 'stopped', id: operation.id, by: operation.stopRequestedBy } };
  }
  if (!pools.ok) return { kind: 'fail', fault: pools.fault };
  const moved = isFirst ? findMoved(operation, pools.value) : undefined;
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
  const views = await writeViews(parts, pools.value, {
    overrides: operation.request.breakGlass?.overrides ?? [],
    maxShareRemoved: 0,
    standing,
    balanced,
  });
  if (!views.ok) return { kind: 'fail', fault: views.fault };
  const rest = restOf(operation, views.value);
  const lbDown = areReportedDown(rest, views.value);
  const brake = findBrake(parts, standing, { plan: operation.plan, request: operation.request, lbDown });
  if (!brake.ok) return { kind: 'fail', fault: brake.fault };
  if (brake.value !== undefined) return { kind: 'hold', fault: brake.value };
  const others = beside ?? [];
  const flood = findFlood(parts, operation, { objects: others.length + group.length, standing });
  if (flood !== undefined) return { kind: 'freeze', fault: flood };
  const rule = await judgeAgain(parts, operation, {
    recent: recent.ok ? recent.value : [],
    undone: undone.ok ? undone.value : undefined,
    lbDown,
    suspended: journaled.ok ? journaled.value.suspensions : [],
    isBeside: beside !== undefined,
  });
  if (!rule.ok) return { kind: 'hold', fault: rule.fault };
  const judged = views.value.map((view) => ({ ...view, maxShareRemoved: rule.value }));
  const guard = guardTogether([...others, ...group], judged) ?? guardWrites([...others, ...rest], judged);
  if (guard !== undefined) return { kind: 'hold', fault: guard };
  const view = judged.find(({ pool }) => group[0] !== undefined && isSamePool(pool, group[0].key));
  return view === undefined || !journaled.ok
    ? { kind: 'fail', fault: { kind: 'shutting-down' } }
    : { kind: 'go', operation, nodes, view, mark: journaled.value.mark, isAhead };
}

/** The whole rest of the operation is walked: what would have to stop half way does not begin. */
function restOf(operation: NodeOperation, views: readonly WriteView[]): readonly NodeStep[] {
  return operation.steps.filter(
    ({ state, key }) => state !== 'done' && views.some(({ pool }) => isSamePool(pool, key)),
  );
}

function nodeIn(pools: readonly Pool[], key: NodeKey): StoredNode | undefined {
  const pool = pools.find((one) => isSamePool(one, key));
  return pool === undefined ? undefined : nodeOf(pool.nodes, key.host);
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
  const change = operation.plan.changes.find(({ key }) => isSameNode(key, step.key));
  return earlier.at(-1)?.result?.modifiedIndex ?? change?.beforeIndex ?? -1;
}
