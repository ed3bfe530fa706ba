import { z } from 'zod';
import type { Problem } from './problem.ts';
import { parseStrict, strictObject } from './problem.ts';
import type { Result } from './result.ts';

/** Somebody whom Sluice knows: by services account or Slack user id, never by nick or display name. */
export interface Person {
  readonly name: string;
  /** IRC services account. */
  readonly irc?: string | undefined;
  /** Slack user id. */
  readonly slack?: string | undefined;
  /** Unix user. */
  readonly os?: string | undefined;
  readonly roles: readonly string[];
}

const Word = z.string().regex(/^\S{1,64}$/, 'must be one word of at most 64 characters');

const PersonSchema = strictObject({
  name: z.string().regex(/^[a-z0-9._-]{1,32}$/, 'must be 1-32 of a-z 0-9 . _ -'),
  irc: Word.optional(),
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,31}$/, 'must be a Slack user id like U0123456')
    .optional(),
  os: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a Unix user')
    .refine((name) => name !== 'root', 'root is nobody in particular: each person has a user of their own')
    .optional(),
  roles: z.array(Word),
});

const PeopleSchema = z.array(PersonSchema).superRefine((people, context) => {
  for (const key of ['name', 'irc', 'slack', 'os'] as const) {
    const owners = new Map<string, string>();
    for (const [at, person] of people.entries()) {
      const value = person[key];
      if (value === undefined) continue;
      const folded = key === 'irc' ? foldAccount(value) : value;
      const owner = owners.get(folded);
      if (owner === undefined) owners.set(folded, person.name);
      else
        context.addIssue({
          code: 'custom',
          path: [at, key],
          message: `'${value}' belongs to ${owner} already`,
        });
    }
  }
});

/** Reads `people.yaml`: a list. Names are unique, and no account belongs to two people. */
export function parsePeople(value: unknown): Result<readonly Person[], readonly Problem[]> {
  return parseStrict(PeopleSchema, value);
}

/**
 * An account name as rfc1459 networks compare it: letters without case, and `[]\~` as the capitals of `{}|^`.
 * The widest folding that a network uses: names that are equal under it are never given to two people.
 */
export function foldAccount(account: string): string {
  const capitals = '[]\\~';
  return asciiLower(account).replace(/[[\]\\~]/g, (character) => '{}|^'.charAt(capitals.indexOf(character)));
}

/**
 * Who has this account of a network: a services account of `irc`, a user id of `slack`, a Unix user of `console`.
 *
 * Services accounts are compared without ASCII case only: on a network with CASEMAPPING=ascii `jo[` and `jo{` are two accounts, and the
 * second may be a stranger's. Services send the name as it was registered, so nobody is missed by that. All others are compared as they are.
 *
 * @returns undefined for a stranger, and for a network that nobody is known by.
 */
export function personOfAccount(
  people: readonly Person[],
  transport: string,
  account: string,
): Person | undefined {
  switch (transport) {
    case 'irc':
      return people.find(({ irc }) => irc !== undefined && asciiLower(irc) === asciiLower(account));
    case 'slack':
      return people.find(({ slack }) => slack === account);
    case 'console':
      return people.find(({ os }) => os === account);
    default:
      return undefined;
  }
}

/** The account that a person has on a network; undefined when they have none there. */
export function accountOn({ irc, slack, os }: Person, transport: string): string | undefined {
  return { irc, slack, console: os }[transport];
}

// Not toLowerCase: it folds letters of other alphabets into ASCII, such as the Kelvin sign into k.
function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
