import { z } from 'zod';
import { nearest } from './nearest.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** One thing that is wrong in a file that an operator wrote: where, and what to type. */
export interface Problem {
  /** `irc.channels#1`: keys as typed, places in a list from 1; empty for the whole file. */
  readonly path: string;
  readonly text: string;
}

type Path = readonly PropertyKey[];
type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/**
 * A mapping that knows all its keys: an unknown one is an error that names the nearest known key.
 *
 * @param shape a schema per key.
 */
export function strictObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      // Read again by `toProblems`, which splits them: zod makes one issue of all unknown keys of a mapping.
      return issue.keys.map((key) => unknownKeyText(key, known)).join('\n');
    },
  });
}

/**
 * Reads a value with a schema of `strictObject`s.
 *
 * @returns every problem at once, in words that say what to type.
 */
export function parseStrict<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Result<z.output<Schema>, readonly Problem[]> {
  const parsed = schema.safeParse(value, { error: wordIssue });
  return parsed.success ? ok(parsed.data) : fail(parsed.error.issues.flatMap((issue) => toProblems(issue)));
}

/** `path: text`, as a start that is refused prints it. */
export function problemLine({ path, text }: Problem): string {
  return path === '' ? text : `${path}: ${text}`;
}

/** The same problem, seen from the file that names the one it was found in. */
export function problemUnder(prefix: string, { path, text }: Problem): Problem {
  const separator = path === '' || path.startsWith('#') ? '' : '.';
  return { path: `${prefix}${separator}${path}`, text };
}

/** `irc.channels#1`. */
function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}#${String(part + 1)}`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function unknownKeyText(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `unknown key. ${near.length > 0 ? `Nearest: ${near.join(', ')}` : `Known: ${known.join(', ')}`}`;
}

function toProblems(issue: z.core.$ZodIssue, above: Path = []): readonly Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const texts = issue.message.split('\n');
    return issue.keys.map((key, at) => ({
      path: pathText([...path, key]),
      text: texts[at] ?? 'unknown key',
    }));
  }
  if (issue.code === 'invalid_union') {
    // The alternative of the right type was meant: its problems help, the others' do not.
    const meant = issue.errors.find((issues) => issues.some((one) => !isWrongType(one)));
    if (meant !== undefined) return meant.flatMap((one) => toProblems(one, path));
  }
  if (issue.code === 'invalid_key')
    return [{ path: pathText(path), text: issue.issues[0]?.message ?? issue.message }];
  return [{ path: pathText(path), text: issue.message }];
}

function isWrongType(issue: z.core.$ZodIssue): boolean {
  return (issue.code === 'invalid_type' || issue.code === 'invalid_value') && issue.path.length === 0;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function wordIssue(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    const expected = TYPE_WORDS[issue.expected] ?? issue.expected;
    return issue.input === undefined ? `is missing: give ${expected}` : `must be ${expected}`;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const near = typeof issue.input === 'string' ? nearest(issue.input, values, 1) : [];
    return near.length > 0 ? `unknown. Nearest: ${near.join(', ')}` : `must be ${values.join(' or ')}`;
  }
  if (issue.code === 'invalid_union') {
    return issue.input === undefined ? 'is missing' : 'is none of the forms that it may have';
  }
  if (issue.code === 'too_small')
    return `must be at least ${String(issue.minimum)}${countedIn(issue.origin)}`;
  if (issue.code === 'too_big') return `must be at most ${String(issue.maximum)}${countedIn(issue.origin)}`;
  return undefined;
}

function countedIn(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' in number' : '';
}
