import type { Fault } from './fault.ts';
import type { Override } from './override.ts';
import type { NodePlan } from './node-plan.ts';
import type { ScalePlan } from './scale/plan.ts';
import type { ScaleStep } from './scale/step.ts';
import type { StepState } from './step-state.ts';
import type { NodeStep, StepRecord } from './step.ts';
import type { RuleApplied } from './authorization.ts';

/** Where an operation stands. What may follow what is `OPERATION_TRANSITIONS`. */
export type OperationState =
  | 'received'
  | 'refused'
  | 'awaiting-approval'
  | 'queued'
  | 'running'
  | 'held'
  | 'uncertain'
  | 'done'
  | 'failed'
  | 'conflict'
  | 'denied'
  | 'expired'
  | 'cancelled';

/** The state machine, written once: the store's script takes the allowed predecessors from here. */
export const OPERATION_TRANSITIONS: Readonly<Record<OperationState, readonly OperationState[]>> = {
  received: ['refused', 'awaiting-approval', 'queued'],
  'awaiting-approval': ['queued', 'denied', 'expired', 'cancelled', 'refused'],
  queued: ['running', 'expired', 'cancelled', 'conflict', 'refused'],
  running: ['done', 'failed', 'conflict', 'held', 'uncertain', 'cancelled', 'refused'],
  held: ['running', 'cancelled', 'failed'],
  uncertain: ['done', 'failed', 'conflict'],
  refused: [],
  done: [],
  failed: [],
  conflict: [],
  denied: [],
  expired: [],
  cancelled: [],
};

/** States in which an operation still waits for something. All others are final and immutable. */
export const OPEN_STATES = ['awaiting-approval', 'queued', 'running', 'held', 'uncertain'] as const;

/** Whether the state is final. */
export function isFinal(state: OperationState): boolean {
  return OPERATION_TRANSITIONS[state].length === 0;
}

/** The states from which `to` may be reached. */
export function predecessorsOf(to: OperationState): readonly OperationState[] {
  return (Object.keys(OPERATION_TRANSITIONS) as OperationState[]).filter((from) =>
    OPERATION_TRANSITIONS[from].includes(to),
  );
}

/** Who asked for what, where, in which words. */
export interface Request {
  readonly command: string;
  /** The line as typed, cleaned of control characters; for people, never parsed again but by `!retry`. */
  readonly line: string;
  readonly service: string;
  /** The services that it touches, where those are several: it takes its turn in the line of each. */
  readonly services?: readonly string[] | undefined;
  readonly reason: string;
  /** `T378944`, in the order typed. */
  readonly tasks: readonly string[];
  readonly person: string;
  readonly transport: string;
  readonly channel: string;
  /** The message that asked: the same message never makes a second operation. */
  readonly eventKey: string;
  readonly at: number;
  readonly breakGlass?: BreakGlass | undefined;
  /** Those of the asker then, where a network's groups give some. */
  readonly roles?: readonly string[] | undefined;
}

/** The services in whose lines an operation waits for its turn. */
export function linesOf({ service, services }: Pick<Request, 'service' | 'services'>): readonly string[] {
  return services ?? [service];
}

/** Somebody who did not wait for anybody else, and why. */
export interface BreakGlass {
  readonly reason: string;
  /** The guard rails that are to yield, by name. */
  readonly overrides: readonly Override[];
}

/** One person's say, bound to the plan they saw, signed. */
export interface Vote {
  readonly person: string;
  readonly verdict: 'approve' | 'deny';
  readonly planHash: string;
  readonly eventKey: string;
  /** The network on which it was said. */
  readonly transport: string;
  readonly at: number;
  /** Those of the person then, where a network's groups give some. */
  readonly roles?: readonly string[] | undefined;
  readonly signature: string;
}

/** An operation, whole, as the journal holds it. */
export type Operation = NodeOperation | ScaleOperation;

/** One on objects of conftool. */
export interface NodeOperation extends OperationHead {
  readonly plan: NodePlan;
  readonly steps: readonly NodeStep[];
}

/** One on the number of pods of a deployment. */
export interface ScaleOperation extends OperationHead {
  readonly plan: ScalePlan;
  readonly steps: readonly ScaleStep[];
}

/** Tells the two apart. */
export function isScale(operation: Operation): operation is ScaleOperation {
  return 'scales' in operation.plan;
}

/** Tells the two apart. */
export function isOnNodes(operation: Operation): operation is NodeOperation {
  return !isScale(operation);
}

/** What every operation has. */
interface OperationHead {
  readonly schema: '1';
  readonly id: string;
  readonly state: OperationState;
  readonly request: Request;
  readonly planHash: string;
  /** HMAC over id, plan hash and request. */
  readonly signature: string;
  readonly rule: RuleApplied;
  readonly createdAt: number;
  /** When the wait for approval ends. */
  readonly expiresAt: number;
  readonly nudgedAt: number | undefined;
  readonly queuedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** The last transition. */
  readonly touchedAt: number;
  /** Counts the starts of a worker on it: a worker with an older epoch may not journal. */
  readonly epoch: number;
  readonly votes: readonly Vote[];
  /** Somebody said `!stop`: held before the next write. */
  readonly stopRequestedBy: string | undefined;
  /** Why it is where it is, when that is not plain success. */
  readonly fault: Fault | undefined;
  /** The message that shows the request: a reaction to it is a vote. */
  readonly viewId: string | undefined;
}

/** What a transition may change besides the state. */
export type OperationPatch = Partial<
  Pick<
    Operation,
    'nudgedAt' | 'queuedAt' | 'startedAt' | 'endedAt' | 'stopRequestedBy' | 'fault' | 'viewId' | 'expiresAt'
  >
>;

/** The new record of one step, and the states that it may come from. */
export interface StepChange {
  readonly from: readonly StepState[];
  readonly record: StepRecord;
}
