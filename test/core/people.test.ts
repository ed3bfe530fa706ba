import { describe, expect, test } from '@jest/globals';
import { foldAccount, parsePeople, personOfAccount } from '../../src/core/people.ts';
import { problemLine } from '../../src/core/problem.ts';

const elukey = { name: 'elukey', irc: 'Elukey', slack: 'U0123456', os: 'elukey', roles: ['sre'] };

function linesOf(value: unknown): readonly string[] {
  const parsed = parsePeople(value);
  return parsed.ok ? [] : parsed.fault.map(problemLine);
}

describe('parsePeople', () => {
  test('reads a list of people', () => {
    expect(parsePeople([elukey, { name: 'bot', roles: [] }])).toMatchObject({ ok: true });
  });

  test.each([
    ['a name with capitals', [{ name: 'Elukey', roles: [] }], '#1.name: must be 1-32 of a-z 0-9 . _ -'],
    [
      'a name that is used twice',
      [elukey, { name: 'elukey', roles: [] }],
      "#2.name: 'elukey' belongs to elukey already",
    ],
    [
      'an account of two people, whatever its case',
      [elukey, { name: 'x', irc: 'eLUKEY', roles: [] }],
      "#2.irc: 'eLUKEY' belongs to elukey already",
    ],
    [
      'a Slack id of two people',
      [elukey, { name: 'x', slack: 'U0123456', roles: [] }],
      "#2.slack: 'U0123456' belongs to elukey already",
    ],
    [
      'a unix user of two people',
      [elukey, { name: 'x', os: 'elukey', roles: [] }],
      "#2.os: 'elukey' belongs to elukey already",
    ],
    [
      'a Slack name in place of an id',
      [{ name: 'x', slack: '@elukey', roles: [] }],
      '#1.slack: must be a Slack user id like U0123456',
    ],
    [
      'root for a person',
      [{ name: 'x', os: 'root', roles: [] }],
      '#1.os: root is nobody in particular: each person has a user of their own',
    ],
    [
      'a path for a unix user',
      [{ name: 'x', os: '../x', roles: [] }],
      '#1.os: must be the name of a Unix user',
    ],
    ['an unknown key', [{ name: 'x', role: ['sre'] }], '#1.role: unknown key. Nearest: roles'],
    ['a mapping in place of the list', { elukey }, 'must be a list'],
  ])('refuses %s', (_what, value, line) => {
    expect(linesOf(value)).toContain(line);
  });

  test('takes accounts that rfc1459 holds equal for one account', () => {
    expect(
      linesOf([elukey, { name: 'a', irc: 'jo[', roles: [] }, { name: 'b', irc: 'JO{', roles: [] }]),
    ).toEqual(["#3.irc: 'JO{' belongs to a already"]);
  });
});

describe('personOfAccount', () => {
  const people = [elukey, { name: 'jo', irc: 'jo[', roles: ['sre'] }];

  test('finds a person whatever the case of the account', () => {
    expect(personOfAccount(people, 'irc', 'eLuKey')?.name).toBe('elukey');
  });

  test('does not take an account for another that only some networks hold equal', () => {
    expect(personOfAccount(people, 'irc', 'jo{')).toBeUndefined();
  });

  test('does not take a look-alike letter for an ASCII one', () => {
    expect(personOfAccount(people, 'irc', 'elu\u212Aey')).toBeUndefined();
  });

  test('knows nobody without an account', () => {
    expect(personOfAccount([{ name: 'bot', roles: [] }], 'irc', '')).toBeUndefined();
  });
});

test('foldAccount folds brackets as letters of one case', () => {
  expect(foldAccount('A[]\\~z')).toBe('a{}|^z');
});
