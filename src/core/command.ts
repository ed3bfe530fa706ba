import type { z } from 'zod';
import type { Announcement } from './announcement/announcement.ts';
import type { Decision } from './decision.ts';
import type { Facts, Reads } from './facts.ts';
import type { Plan } from './plan.ts';
import type { Result } from './result.ts';

/**
 * Named texts to be read by zod: each key is an argument or option, each schema takes the token as typed.
 * An optional argument's schema also takes `undefined`.
 */
export type Schemas = Readonly<Record<string, z.ZodType<unknown, string | undefined>>>;

/** What a command's functions receive: the arguments, and those options that were given. */
export type Given<Args extends Schemas, Options extends Schemas> = {
  readonly [K in keyof Args]: z.output<Args[K]>;
} & { readonly [K in keyof Options]?: z.output<Options[K]> };

/** What every command says of itself. `help`, the README table and the parser are made from it. */
interface Described<Args extends Schemas, Options extends Schemas> {
  /** The word after `!`: lower case letters and dashes. */
  readonly name: string;
  /** One line for `!help`: what it does, no full stop. */
  readonly summary: string;
  /** `!pool HOSTS SERVICE [weight=N]`. */
  readonly usage: string;
  /** A line that parses. */
  readonly example: string;
  /** The positional arguments, in order. An optional one (last only) accepts `undefined`. */
  readonly args: Args;
  readonly options: Options;
  /** How many of the leading words are arguments, where the words themselves decide; as many as there are in `args` otherwise. */
  readonly countArguments?: (words: readonly string[]) => number;
  /** What the rest of the line is. A `reason` may end in ` - T123`; `none` refuses further words. */
  readonly rest: 'none' | 'reason' | 'required-reason';
}

/** A command that changes production: its answer is a plan, which is shown, approved, stored and carried out elsewhere. */
export interface PlanCommand<Args extends Schemas, Options extends Schemas> extends Described<Args, Options> {
  readonly kind: 'plan';
  readonly reads: (given: Given<Args, Options>) => Reads;
  readonly plan: (given: Given<Args, Options>, facts: Facts) => Result<Plan>;
}

/** A command that only reads. */
export interface AnswerCommand<Args extends Schemas, Options extends Schemas> extends Described<
  Args,
  Options
> {
  readonly kind: 'answer';
  readonly reads: (given: Given<Args, Options>) => Reads;
  readonly answer: (given: Given<Args, Options>, facts: Facts) => Result<readonly Announcement[]>;
}

/** A command that rules on an operation or on all of them. */
export interface DecideCommand<Args extends Schemas, Options extends Schemas> extends Described<
  Args,
  Options
> {
  readonly kind: 'decide';
  readonly decide: (given: Given<Args, Options>, reason: string) => Decision;
}

/** Any command, as the loader and the parser see it. */
export type Command =
  PlanCommand<Schemas, Schemas> | AnswerCommand<Schemas, Schemas> | DecideCommand<Schemas, Schemas>;

/** Types a file of `commands/`: it says what to type, what is valid and what would happen. It cannot run anything. */
export function defineCommand<Args extends Schemas, Options extends Schemas>(
  command: PlanCommand<Args, Options> | AnswerCommand<Args, Options> | DecideCommand<Args, Options>,
): Command {
  // The parser calls a command's functions only with what that command's own schemas returned.
  return command as unknown as Command;
}
