import type { NodeKey, NodeState } from './node.ts';
import { isSameNode, isSamePool, nodePath, stateText } from './node.ts';
import type {
  NodeOperation,
  Operation,
  OperationPatch,
  OperationState,
  ScaleOperation,
  StepChange,
  Vote,
} from './operation.ts';
import { isScale } from './operation.ts';
import type { NodePlan } from './node-plan.ts';
import type { Plan } from './plan.ts';
import type { ScaleStep } from './scale/step.ts';
import type { NodeStep, StepRecord } from './step.ts';

/** What became of one object of an operation, for people: a host, or a deployment in a cluster. */
export interface ObjectResult {
  readonly name: string;
  readonly result: 'done' | 'not done' | 'partly done' | 'unknown';
  /** The state that it was last seen in or left in by us; undefined when that is not known. */
  readonly state: string | undefined;
}

/** What became of one object of conftool. */
export interface NodeResult extends Pick<ObjectResult, 'result'> {
  readonly key: NodeKey;
  readonly state: NodeState | undefined;
}

/** Where an operation stands, object by object, in the order of its plan. */
export function objectResults(operation: Operation): readonly ObjectResult[] {
  if (isScale(operation)) return operation.steps.map(scaleResult);
  return nodeResults(operation).map(({ key, result, state }) => ({
    name: key.host,
    result,
    state: state === undefined ? undefined : stateText(state),
  }));
}

/** The same, with the objects themselves. */
export function nodeResults({
  plan,
  steps: all,
}: Pick<NodeOperation, 'plan' | 'steps'>): readonly NodeResult[] {
  const byObject = new Map<string, NodeStep[]>();
  for (const step of all) {
    const path = nodePath(step.key);
    const known = byObject.get(path);
    if (known === undefined) byObject.set(path, [step]);
    else known.push(step);
  }
  return plan.changes.map((change) => {
    const steps = byObject.get(nodePath(change.key)) ?? [];
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

/** A number that was written and that pods have not followed is half of it. */
function scaleResult({ deployment, state, from, to, result }: ScaleStep): ObjectResult {
  const name = deployment.cluster;
  if (state === 'done') return { name, result: 'done', state: String(to) };
  if (result !== undefined)
    return { name, result: 'partly done', state: `${String(to)}, ${String(result.ready)} ready` };
  if (state === 'uncertain' || state === 'intent') return { name, result: 'unknown', state: undefined };
  return { name, result: 'not done', state: String(from) };
}

/** The steps of one object, in the order they are written. */
export function stepsOf(operation: Pick<NodeOperation, 'steps'>, key: NodeKey): readonly NodeStep[] {
  return operation.steps.filter((step) => isSameNode(step.key, key));
}

/**
 * The steps to carry out next, at the same time: the next one of each of the first objects that are not done, as many as the plan's pace allows, all in
 * one pool. `[]` when all are done.
 */
export function nextGroup({ plan, steps }: Pick<NodeOperation, 'plan' | 'steps'>): readonly NodeStep[] {
  const open = steps.filter(({ state }) => state !== 'done');
  const [next] = open;
  const atOnce = plan.pace?.atOnce ?? 1;
  const firsts: NodeStep[] = [];
  for (const step of open) {
    if (next === undefined || firsts.length === atOnce) break;
    if (isSamePool(step.key, next.key) && !firsts.some(({ key }) => isSameNode(key, step.key)))
      firsts.push(step);
  }
  return firsts;
}

/** When a step may be written: a host that is drained is given its time after the step before. Milliseconds since 1970; 0 at once. */
export function dueAt(operation: Pick<NodeOperation, 'plan' | 'steps'>, step: NodeStep): number {
  const { drainMs } = operation.plan;
  if (drainMs === undefined || step.to.pooled !== 'no') return 0;
  const before = stepsOf(operation, step.key).findLast(
    ({ index, state }) => index < step.index && state === 'done',
  );
  return before?.result === undefined ? 0 : before.result.readBackAt + drainMs;
}

/** The steps of a plan before anything was written. */
export function plannedSteps(plan: NodePlan): readonly NodeStep[] {
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

/** Plan and steps of an operation before anything was written: each kind of plan has its own kind of step. */
export function plannedWork(
  plan: Plan,
): Pick<NodeOperation, 'plan' | 'steps'> | Pick<ScaleOperation, 'plan' | 'steps'> {
  if (!('scales' in plan)) return { plan, steps: plannedSteps(plan) };
  const steps = plan.scales.map(({ key, before, after }, index) => ({
    index,
    deployment: key,
    from: before,
    to: after,
    state: 'planned' as const,
    intent: undefined,
    result: undefined,
  }));
  return { plan, steps };
}

/** Whether any write of the operation reached production, or may have. */
export function touchedProduction(operation: Pick<Operation, 'steps'>): boolean {
  return operation.steps.some(
    ({ state, result }) =>
      result !== undefined || state === 'done' || state === 'uncertain' || state === 'intent',
  );
}

/** The operation with some of its steps in a new state. */
export function withSteps<Any extends Operation>(operation: Any, records: readonly StepRecord[]): Any {
  const steps = operation.steps.map((step) => records.find(({ index }) => index === step.index) ?? step);
  return { ...operation, steps };
}

/** What a transition does to an operation. */
interface Move {
  readonly to: OperationState;
  readonly at: number;
  readonly takeOver?: boolean;
  readonly patch?: OperationPatch;
  readonly steps?: readonly StepChange[];
}

/** The operation after a transition that was made: as the journal has it then. */
export function afterTransition(operation: Operation, move: Move): Operation {
  const { to, at, takeOver = false, patch = {}, steps = [] } = move;
  const records = steps.map(({ record }) => record);
  const epoch = operation.epoch + (takeOver ? 1 : 0);
  return { ...withSteps(operation, records), ...patch, state: to, touchedAt: at, epoch };
}

/**
 * An operation after a vote that counts: a denial ends it, the last approval puts it into its line.
 *
 * @param missing approvals after it.
 * @param at by the clock of the journal.
 */
export function afterVote(
  operation: Operation,
  vote: Vote,
  { missing, at }: { readonly missing: number; readonly at: number },
): Operation {
  const votes = [...operation.votes.filter(({ person }) => person !== vote.person), vote];
  const voted = { ...operation, votes };
  if (vote.verdict === 'deny') return { ...voted, state: 'denied', endedAt: at, touchedAt: at };
  return missing > 0 ? voted : { ...voted, state: 'queued', queuedAt: at, touchedAt: at };
}
