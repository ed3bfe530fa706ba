import { z } from 'zod';
import type { Command } from './command.ts';
import { parseLine } from './invocation.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

const Name = z.string().regex(/^[a-z][a-z-]*$/, 'lower case letters and dashes');
const Schema = z.custom<z.ZodType>(
  (value) => typeof value === 'object' && value !== null && 'safeParse' in value,
  'must be a zod schema',
);
const Callable = z.custom<() => unknown>((value) => typeof value === 'function', 'must be a function');

const Described = z.object({
  name: Name,
  summary: z.string().regex(/^\S.*[^.\s]$/, 'one line without a full stop'),
  usage: z.string(),
  example: z.string(),
  args: z.record(z.string(), Schema),
  options: z.record(Name, Schema),
  countArguments: Callable.optional(),
  rest: z.enum(['none', 'reason', 'required-reason']),
});

const Shape = z.discriminatedUnion('kind', [
  Described.extend({ kind: z.literal('plan'), reads: Callable, plan: Callable }),
  Described.extend({ kind: z.literal('answer'), reads: Callable, answer: Callable }),
  Described.extend({ kind: z.literal('decide'), decide: Callable }),
]);

/**
 * Whether a value is a command that keeps its word: it has the shape, its usage begins with its name, only its last
 * argument is optional, and its example is a line that it understands.
 *
 * @param value the default export of a file of `commands/`.
 * @returns the command; else what is wrong, for the person who wrote the file.
 */
export function checkCommand(value: unknown): Result<Command, string> {
  const shape = Shape.safeParse(value);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'default export' : issue.path.join('.');
    return fail(`${where}: ${issue?.message ?? 'is no command'}`);
  }
  const { name, usage, args, options, example } = shape.data;
  if (usage !== `!${name}` && !usage.startsWith(`!${name} `)) return fail(`usage: must begin with !${name}`);
  if ('dry-run' in options) return fail('options: dry-run belongs to every plan command already');

  const optional = Object.values(args).map((schema) => schema.safeParse(undefined).success);
  if (shape.data.countArguments === undefined && optional.slice(0, -1).includes(true))
    return fail('args: only the last one may be optional');

  // The functions cannot be checked here: `defineCommand` has typed them against the schemas.
  const command = value as Command;
  const parsed = parseLine(example, [command], { addressed: false });
  if (parsed.kind === 'invocation') return ok(command);
  const why = parsed.kind === 'fault' ? parsed.fault.kind : 'another word';
  return fail(`example: '${example}' does not parse: ${why}`);
}
