import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseStrict, problemLine, problemUnder, strictObject } from '../../src/core/problem.ts';

const Schema = strictObject({
  host: z.string(),
  port: z.int().min(1).max(65_535).default(6697),
  tls: z.union([z.boolean(), strictObject({ caFile: z.string() })]).default(true),
  channels: z.array(z.string().regex(/^#/, 'must begin with #')).min(1),
  mode: z.enum(['require', 'warn']).optional(),
});

function linesOf(value: unknown): readonly string[] {
  const parsed = parseStrict(Schema, value);
  return parsed.ok ? [] : parsed.fault.map(problemLine);
}

describe('parseStrict', () => {
  const good = { host: 'h', channels: ['#a'] };

  test('fills in defaults', () => {
    expect(parseStrict(Schema, good)).toEqual({ ok: true, value: { ...good, port: 6697, tls: true } });
  });

  test.each([
    [
      'an unknown key with the nearest known one',
      { ...good, chanels: [] },
      'chanels: unknown key. Nearest: channels',
    ],
    [
      'an unknown key like no other with all known ones',
      { ...good, zzz: 1 },
      'zzz: unknown key. Known: host, port, tls, channels, mode',
    ],
    ['a missing key', { channels: ['#a'] }, 'host: is missing: give a text'],
    ['a wrong type', { ...good, host: 1 }, 'host: must be a text'],
    ['the place in a list, from 1', { ...good, channels: ['#a', 'ops'] }, 'channels#2: must begin with #'],
    ['a list that is empty', { ...good, channels: [] }, 'channels: must be at least 1 in number'],
    ['a number out of bounds', { ...good, port: 70_000 }, 'port: must be at most 65535'],
    [
      'an unknown key inside of one of two forms',
      { ...good, tls: { caFil: 'x' } },
      'tls.caFil: unknown key. Nearest: caFile',
    ],
    ['none of two forms', { ...good, tls: 'yes' }, 'tls: is none of the forms that it may have'],
    ['a value like a known one', { ...good, mode: 'requre' }, 'mode: unknown. Nearest: require'],
    ['a value like no known one', { ...good, mode: 7 }, 'mode: must be require or warn'],
    ['a file that is no mapping', 'text', 'must be a mapping'],
  ])('names %s', (_what, value, line) => {
    expect(linesOf(value)).toContain(line);
  });

  test('names every problem at once', () => {
    expect(linesOf({ hst: 'h', prt: 1, channels: ['#a'] })).toEqual([
      'host: is missing: give a text',
      'hst: unknown key. Nearest: host',
      'prt: unknown key. Nearest: port',
    ]);
  });
});

describe('problemUnder', () => {
  test('puts the file before a key and before a place in a list', () => {
    expect(problemUnder('people.yaml', { path: '#2.irc', text: 't' }).path).toBe('people.yaml#2.irc');
    expect(problemUnder('policy.yaml', { path: 'rules', text: 't' }).path).toBe('policy.yaml.rules');
    expect(problemUnder('policy.yaml', { path: '', text: 't' }).path).toBe('policy.yaml');
  });
});
