import type { NodeKey, NodeState } from './node.ts';
import { nodePath, poolPath } from './node.ts';
import type { Operation } from './operation.ts';
import type { StepRecord } from './step.ts';

/** What became of one object of an operation. */
export interface ObjectResult {
  readonly key: NodeKey;
  readonly result: 'done' | 'not done' | 'partly done' | 'unknown';
  /** The state that it was last seen in or left in by us; undefined when that is not known. */
  readonly state: NodeState | undefined;
}

/** Where an operation stands, object by object, in the order of its plan. */
export function objectResults(operation: Pick<Operation, 'plan' | 'steps'>): readonly ObjectResult[] {
  return operation.plan.changes.map((change) => {
    const steps = stepsOf(operation, change.key);
    const done = steps.filter(({ state }) => state === 'done');
    const last = done.at(-1);
    if (steps.some(({ state }) => state === 'uncertain' || state === 'intent')) {
      return { key: change.key, result: 'unknown', state: undefined };
    }
    if (done.length === steps.length) return { key: change.key, result: 'done', state: change.after };
    return {
      key: change.key,
      result: last === undefined ? 'not done' : 'partly done',
      state: last?.to ?? change.before,
    };
  });
}

/** The steps of one object, in the order they are written. */
export function stepsOf(operation: Pick<Operation, 'steps'>, key: NodeKey): readonly StepRecord[] {
  return operation.steps.filter((step) => nodePath(step.key) === nodePath(key));
}

/**
 * The steps to carry out next, at the same time: the next one of each of the first objects that are not done, as many as the plan's pace allows, all in
 * one pool. `[]` when all are done.
 */
export function nextGroup({ plan, steps }: Pick<Operation, 'plan' | 'steps'>): readonly StepRecord[] {
  const open = steps.filter(({ state }) => state !== 'done');
  const pool = open[0] === undefined ? '' : poolPath(open[0].key);
  const firsts = new Map<string, StepRecord>();
  for (const step of open) {
    const path = nodePath(step.key);
    if (poolPath(step.key) === pool && !firsts.has(path)) firsts.set(path, step);
  }
  return [...firsts.values()].slice(0, plan.pace?.atOnce ?? 1);
}

/** When a step may be written: a host that is drained is given its time after the step before. Milliseconds since 1970; 0 at once. */
export function dueAt(operation: Pick<Operation, 'plan' | 'steps'>, step: StepRecord): number {
  const { drainMs } = operation.plan;
  if (drainMs === undefined || step.to.pooled !== 'no') return 0;
  const before = stepsOf(operation, step.key).findLast(
    ({ index, state }) => index < step.index && state === 'done',
  );
  return before?.result === undefined ? 0 : before.result.readBackAt + drainMs;
}

/** The steps of a plan before anything was written. */
export function plannedSteps(plan: Operation['plan']): readonly StepRecord[] {
  return plan.changes
    .flatMap((change) =>
      change.path.map((to, place) => ({
        key: change.key,
        from: change.path[place - 1] ?? change.before,
        to,
      })),
    )
    .map((step, index) => ({ ...step, index, state: 'planned', intent: undefined, result: undefined }));
}

/** Whether any write of the operation reached production, or may have. */
export function touchedProduction(operation: Pick<Operation, 'steps'>): boolean {
  return operation.steps.some(({ state }) => state === 'done' || state === 'uncertain' || state === 'intent');
}

/** The operation with some of its steps in a new state. */
export function withSteps(operation: Operation, records: readonly StepRecord[]): Operation {
  const steps = operation.steps.map((step) => records.find(({ index }) => index === step.index) ?? step);
  return { ...operation, steps };
}
