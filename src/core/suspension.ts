import type { Fault } from './fault.ts';

/** Somebody whose accounts nobody trusts just now: nothing of theirs counts. */
export interface Suspension {
  readonly person: string;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

/** @returns why nothing of theirs counts; undefined for somebody who is not suspended. */
export function suspensionFault(suspensions: readonly Suspension[], person: string): Fault | undefined {
  const own = suspensions.find((one) => one.person === person);
  return own && { kind: 'suspended', ...own };
}
