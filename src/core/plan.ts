import type { NodePlan } from './node-plan.ts';
import type { ScalePlan } from './scale/plan.ts';

/** What an operation does. A value: it is shown, hashed, signed, stored and compared. */
export type Plan = NodePlan | ScalePlan;

/** How many objects a plan changes: what limits count. */
export function objectCount(plan: Plan): number {
  return 'scales' in plan ? plan.scales.length : plan.changes.length;
}

/** The command that a plan is judged as: a rule for `route` is a rule for all that it may do. */
export function commandOf({ verb, undoes }: Pick<Plan, 'verb' | 'undoes'>): string {
  return undoes === undefined ? (verb.split(' ')[0] ?? verb) : 'undo';
}
