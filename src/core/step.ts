import type { NodeKey, NodeState } from './node.ts';
import { nodePath } from './node.ts';
import type { ScaleStep } from './scale/step.ts';
import type { StepState } from './step-state.ts';

/** What will be written, journaled before it is sent. A second start keeps the first intent. */
export interface Intent {
  readonly expectedIndex: number;
  readonly expectedText: string;
  /** The exact text that the write leaves behind: the first change after `expectedIndex` is ours when it equals this. */
  readonly targetText: string;
  readonly at: number;
}

/** What came of it. `already`: the answer was lost, the first change after the intent equals ours. */
export interface StepResult {
  readonly modifiedIndex: number;
  readonly text: string;
  readonly readBackAt: number;
  readonly how: 'written' | 'already';
}

/** One write: the unit of crash safety. */
export type StepRecord = NodeStep | ScaleStep;

/** One write of a change of one object in conftool. */
export interface NodeStep {
  readonly index: number;
  readonly key: NodeKey;
  readonly from: NodeState;
  readonly to: NodeState;
  readonly state: StepState;
  readonly intent: Intent | undefined;
  readonly result: StepResult | undefined;
}

/** What the step writes to, as one name. */
export function stepSubject(step: StepRecord): string {
  if ('key' in step) return nodePath(step.key);
  const { cluster, namespace, deployment } = step.deployment;
  return `${cluster}/${namespace}/${deployment}`;
}
