import type { NodeKey, NodeState } from './node.ts';
import { nodePath } from './node.ts';
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

/** The step to carry out next; undefined when all are done. */
export function nextStep(operation: Pick<Operation, 'steps'>): StepRecord | undefined {
  return operation.steps.find(({ state }) => state !== 'done');
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
