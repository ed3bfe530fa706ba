import { describe, expect, test } from '@jest/globals';
import { OptionalSubject, Service } from '../../src/core/arguments.ts';
import { checkCommand } from '../../src/core/command-shape.ts';

const good = {
  kind: 'answer',
  name: 'look',
  summary: 'shows one service',
  usage: '!look SERVICE',
  example: '!look kartotherian',
  args: { service: Service },
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'nothing' }),
  answer: () => ({ ok: true, value: [] }),
};

test('a command that keeps its word is a command', () => {
  expect(checkCommand(good)).toEqual({ ok: true, value: good });
});

describe('what is no command, and why', () => {
  test.each<[string, unknown]>([
    ['default export: Invalid input: expected object, received undefined', undefined],
    ['kind: ', { ...good, kind: 'write' }],
    ['name: lower case letters and dashes', { ...good, name: 'Look' }],
    ['summary: one line without a full stop', { ...good, summary: 'Shows one service.' }],
    ['usage: must begin with !look', { ...good, usage: '!looks SERVICE' }],
    ['answer: must be a function', { ...good, answer: undefined }],
    ['plan: must be a function', { ...good, kind: 'plan' }],
    ['args.service: must be a zod schema', { ...good, args: { service: 'kartotherian' } }],
    ['options.Weight: ', { ...good, options: { Weight: Service } }],
    ['options: dry-run belongs to every plan command already', { ...good, options: { 'dry-run': Service } }],
    ['args: only the last one may be optional', { ...good, args: { a: OptionalSubject, b: Service } }],
    ["example: '!look' does not parse: argument-missing", { ...good, example: '!look' }],
    ["example: '!see x' does not parse: another word", { ...good, example: '!see x' }],
    ['rest: ', { ...good, rest: 'anything' }],
  ])('%s', (why, value) => {
    const checked = checkCommand(value);
    expect(checked.ok ? 'a command' : checked.fault).toContain(why);
  });
});
