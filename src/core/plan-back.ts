import type { Facts } from './facts.ts';
import type { Target } from './make-plan.ts';
import { makePlan } from './make-plan.ts';
import type { StoredNode } from './node.ts';
import { nodePath } from './node.ts';
import type { NodeOperation, Operation } from './operation.ts';
import { isScale } from './operation.ts';
import type { Change, PlanNote } from './node-plan.ts';
import type { Plan } from './plan.ts';
import { stepsOf } from './progress.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import { planScaleAgain, planScaleBack } from './scale/plan-scale.ts';

/**
 * Plans to put back exactly the objects that an operation changed, in reverse order. An object that somebody changed since is left
 * as it is, and that is noted.
 *
 * @returns a Fault `not-undoable` while its outcome is open, or when nothing of it is left to put back.
 */
export function planUndo(operation: Operation, facts: Facts): Result<Plan> {
  const { id, state } = operation;
  const open: Partial<Record<Operation['state'], string>> = {
    'awaiting-approval': `it has changed nothing: say !cancel ${id}`,
    queued: `it has not begun: say !cancel ${id}`,
    running: `it is still running: say !stop ${id} first`,
    uncertain: `say !settle ${id} first, then it is known what there is to put back`,
  };
  const why = open[state];
  if (why !== undefined) return fail({ kind: 'not-undoable', id, state, why });
  return isScale(operation) ? planScaleBack(operation, facts) : planNodesBack(operation, facts);
}

function planNodesBack(operation: NodeOperation, facts: Facts): Result<Plan> {
  const { id, state, plan } = operation;
  const targets: Target[] = [];
  const notes: PlanNote[] = [];
  for (const change of [...plan.changes].reverse()) {
    const left = stepsOf(operation, change.key)
      .filter((step) => step.state === 'done')
      .at(-1);
    if (left?.result === undefined) continue;
    const node = findNode(facts, change);
    if (node?.modifiedIndex === left.result.modifiedIndex) targets.push({ node, after: change.before });
    else notes.push({ kind: 'not-undone', key: change.key, now: node?.state, left: left.to });
  }
  if (targets.length === 0) {
    const nothing =
      notes.length === 0 ? 'it changed nothing' : 'somebody has changed every object of it since: see !show';
    return fail({ kind: 'not-undoable', id, state, why: nothing });
  }
  const undoes = { id, verb: plan.undoes?.verb ?? plan.verb };
  const { service, pace, everyService } = plan;
  return ok(makePlan({ verb: 'undo', service, undoes, notes, pace, everyService }, targets, facts));
}

/**
 * Plans anew what an operation did not do, from what production is now.
 *
 * @returns a Fault `not-waiting` while it may still go on by itself.
 */
export function planRetry(operation: Operation, facts: Facts): Result<Plan> {
  const { id, state } = operation;
  if (!['failed', 'conflict', 'expired', 'cancelled', 'denied', 'refused'].includes(state)) {
    return fail({ kind: 'not-waiting', id, state, command: 'retry' });
  }
  return isScale(operation) ? planScaleAgain(operation, facts) : planNodesAgain(operation, facts);
}

function planNodesAgain(operation: NodeOperation, facts: Facts): Result<Plan> {
  const { plan } = operation;
  const targets: Target[] = [];
  for (const change of plan.changes) {
    if (stepsOf(operation, change.key).every((step) => step.state === 'done')) continue;
    const node = findNode(facts, change);
    if (node === undefined) return fail({ kind: 'object-absent', key: change.key });
    targets.push({ node, after: change.after });
  }
  // What was noted of the world then is noted anew.
  const notes = plan.notes.filter(({ kind }) => kind === 'not-undone');
  return ok(makePlan({ ...plan, notes }, targets, facts));
}

function findNode(facts: Facts, change: Change): StoredNode | undefined {
  return facts.pools.flatMap((pool) => pool.nodes).find(({ key }) => nodePath(key) === nodePath(change.key));
}
