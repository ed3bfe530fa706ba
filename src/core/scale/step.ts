import type { StepState } from '../step-state.ts';
import type { DeploymentKey } from './deployment.ts';

/** What will be asked of the cluster, journaled before it is sent. A second start keeps the first intent. */
export interface ScaleIntent {
  /** Of the deployment, whose number was still `from`. */
  readonly uid: string;
  /** Its `metadata.generation`: counted up by our write, and by any other. */
  readonly generation: number;
  readonly at: number;
}

/** What came of the write itself. Whether pods have followed is the state of the step. */
export interface ScaleResult {
  readonly readBackAt: number;
  /** Pods that were ready when the step ended, or was last looked at. */
  readonly ready: number;
  /** `already`: the answer was lost, and the number was found to be ours. */
  readonly how: 'written' | 'already';
}

/** One write of a deployment's number, and the wait for its pods. With a `result` it was written, whatever the state. */
export interface ScaleStep {
  readonly index: number;
  readonly deployment: DeploymentKey;
  readonly from: number;
  readonly to: number;
  readonly state: StepState;
  readonly intent: ScaleIntent | undefined;
  readonly result: ScaleResult | undefined;
}
