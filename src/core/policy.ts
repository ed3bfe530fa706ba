import { z } from 'zod';
import type { Problem } from './problem.ts';
import { parseStrict, strictObject } from './problem.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import { parseDuration } from './time.ts';

/** The commands that a rule may name: all that change production. Brakes and reading need no rule. */
const RULED_COMMANDS = [
  'pool',
  'depool',
  'weight',
  'decommission',
  'scale',
  'route',
  'undo',
  'repool',
  'migrate',
  'retry',
] as const;

/** Milliseconds, from `30s|15m|2h|3d`. */
export const Duration = z.string().transform((text, context): number => {
  const span = parseDuration(text);
  if (span.ok) return span.value;
  context.addIssue({ code: 'custom', message: `'${text}' is no time like 30s, 15m, 2h or 3d` });
  return z.NEVER;
});

const Name = z.string().min(1);
const Names = z.array(Name).min(1);
const Count = z.int().min(1);

const RuleSchema = strictObject({
  commands: z.array(z.enum(RULED_COMMANDS)).min(1),
  states: Names.optional(),
  services: Names.optional(),
  maxHosts: Count.optional(),
  per: Duration.optional(),
  within: Duration.optional(),
  when: z.enum(['lbDown']).optional(),
  ask: Names,
  approve: Names.optional(),
  approvals: z.int().min(0).max(10).default(0),
  expires: Duration.default(15 * 60_000),
  networks: z.int().min(1).max(2).default(1),
  breakGlass: z.boolean().default(false),
  maxShareRemoved: z.number().min(1).max(100).default(25),
  pace: z.boolean().default(false),
  console: z.boolean().default(false),
}).superRefine((rule, context) => {
  const complain = (key: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [key], message });
  };
  if (rule.approvals > 0 && rule.approve === undefined) {
    complain('approve', 'is missing: approvals are wanted, so say whose: approve: [sre]');
  }
  if (rule.per !== undefined && rule.maxHosts === undefined) {
    complain('per', 'counts nothing without maxHosts: say maxHosts: 1');
  }
  if (rule.within !== undefined && rule.commands.some((command) => command !== 'undo')) {
    complain('within', 'is the age of what an undo puts back: commands must be [undo]');
  }
});

const DEFAULT_LIMITS = {
  perPerson: { writes: 10, per: '10m', waiting: 5 },
  everybody: { objects: 40, per: '10m' },
};

const LimitsSchema = strictObject({
  perPerson: strictObject({
    writes: Count.default(DEFAULT_LIMITS.perPerson.writes),
    per: Duration.prefault(DEFAULT_LIMITS.perPerson.per),
    waiting: Count.default(DEFAULT_LIMITS.perPerson.waiting),
  }).prefault({}),
  everybody: strictObject({
    objects: Count.default(DEFAULT_LIMITS.everybody.objects),
    per: Duration.prefault(DEFAULT_LIMITS.everybody.per),
  }).prefault({}),
});

const Rules = z.array(RuleSchema);
const PolicySchema = strictObject({ rules: Rules, limits: LimitsSchema.prefault({}) });

/**
 * One rule. A condition that is undefined fits everything. Keys are those of the file; spans (`per`, `within`,
 * `expires`) are milliseconds; `maxShareRemoved` is percent.
 */
export type PolicyRule = Readonly<z.output<typeof RuleSchema>>;

/** Who may ask for what, in the order in which rules are tried. Spans are milliseconds. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly limits: Readonly<z.output<typeof LimitsSchema>>;
}

/** Reads `policy.yaml`: a list of rules, or the mapping `{rules, limits}`. */
export function parsePolicy(value: unknown): Result<Policy, readonly Problem[]> {
  if (!Array.isArray(value)) return parseStrict(PolicySchema, value);
  const rules = parseStrict(Rules, value);
  if (!rules.ok) return fail(rules.fault);
  return ok({ rules: rules.value, limits: LimitsSchema.parse({}) });
}
