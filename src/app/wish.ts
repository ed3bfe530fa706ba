import type { RuleApplied } from '../core/authorization.ts';
import type { BreakGlass, Operation } from '../core/operation.ts';
import type { Plan } from '../core/plan.ts';
import type { Gathered } from './gather.ts';
import type { ReadsAhead } from './read-ahead.ts';
import type { Standing } from './standing.ts';
import type { Utterance } from './utterance.ts';

/** A plan that somebody asked for, with the words around it. */
export interface Wish {
  readonly command: string;
  readonly plan: Plan;
  readonly line: string;
  readonly reason: string;
  readonly tasks: readonly string[];
  readonly dryRun: boolean;
  readonly breakGlass: BreakGlass | undefined;
  /** The operation that an undo puts back or a retry goes on with. */
  readonly earlier: Operation | undefined;
  /** Those who could approve and were seen lately. */
  readonly seen: (rule: RuleApplied, asker: string) => readonly string[];
}

/** A wish, who has it, and what was read for it. */
export interface Asked {
  readonly wish: Wish;
  readonly utterance: Utterance;
  readonly gathered: Gathered;
  readonly standing: Standing;
  readonly ahead: ReadsAhead;
}
