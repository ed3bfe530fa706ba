import { BreakGlassReason, Overrides } from './arguments.ts';
import type { Command, Schemas } from './command.ts';
import type { Fault } from './fault.ts';
import type { BreakGlass } from './operation.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** Options that every command has which changes production. */
const PLAN_OPTIONS = { 'break-glass': BreakGlassReason, override: Overrides } satisfies Schemas;

/** All options that may be typed with a command, by name. */
export function optionsOf({ kind, options }: Pick<Command, 'kind' | 'options'>): Schemas {
  return kind === 'plan' ? { ...options, ...PLAN_OPTIONS } : options;
}

/**
 * Takes break-glass out of what was read.
 *
 * @returns a Fault when a guard rail is to yield without a reason.
 */
export function takeBreakGlass(
  given: Readonly<Record<string, unknown>>,
  usage: string,
): Result<{
  readonly breakGlass: BreakGlass | undefined;
  readonly given: Readonly<Record<string, unknown>>;
}> {
  const { 'break-glass': reason, override, ...rest } = given;
  // Their schemas are those of PLAN_OPTIONS.
  const overrides = (override ?? []) as BreakGlass['overrides'];
  if (typeof reason === 'string') return ok({ breakGlass: { reason, overrides }, given: rest });
  if (overrides.length === 0) return ok({ breakGlass: undefined, given: rest });
  const why = 'is for break-glass only: add break-glass="REASON"';
  const fault: Fault = {
    kind: 'argument-invalid',
    argument: 'override',
    text: overrides.join(','),
    why,
    usage,
  };
  return fail(fault);
}
