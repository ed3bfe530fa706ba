/** Where one write stands. */
export type StepState = 'planned' | 'intent' | 'done' | 'conflict' | 'failed' | 'uncertain';

/** What may follow what. */
export const STEP_TRANSITIONS: Readonly<Record<StepState, readonly StepState[]>> = {
  planned: ['intent', 'conflict', 'failed'],
  // It may stay what it is: a number is written, and pods still follow.
  intent: ['intent', 'done', 'conflict', 'failed', 'uncertain'],
  uncertain: ['done', 'conflict', 'failed'],
  done: [],
  conflict: [],
  failed: [],
};
