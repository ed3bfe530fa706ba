import type { NodeKey, NodeState } from './node.ts';

/** Where one write stands. */
export type StepState = 'planned' | 'intent' | 'done' | 'conflict' | 'failed' | 'uncertain';

/** What may follow what. */
export const STEP_TRANSITIONS: Readonly<Record<StepState, readonly StepState[]>> = {
  planned: ['intent', 'conflict', 'failed'],
  intent: ['done', 'conflict', 'failed', 'uncertain'],
  uncertain: ['done', 'conflict', 'failed'],
  done: [],
  conflict: [],
  failed: [],
};

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

/** One write of a change: the unit of crash safety. */
export interface StepRecord {
  readonly index: number;
  readonly key: NodeKey;
  readonly from: NodeState;
  readonly to: NodeState;
  readonly state: StepState;
  readonly intent: Intent | undefined;
  readonly result: StepResult | undefined;
}
