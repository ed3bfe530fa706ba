import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Dc,
  Hosts,
  OperationId,
  OperationIdOrAll,
  OptionalSubject,
  Service,
  Weight,
} from '../../src/core/arguments.ts';
import type { Command, Schemas } from '../../src/core/command.ts';
import { defineCommand } from '../../src/core/command.ts';
import type { Parsed } from '../../src/core/invocation.ts';
import { parseLine } from '../../src/core/invocation.ts';
import { ok } from '../../src/core/result.ts';

const unused = (): never => {
  throw new Error('the parser calls no function of a command');
};

type Rest = Command['rest'];
const words = (
  name: string,
  tail: string,
): { name: string; summary: string; usage: string; example: string } => ({
  name,
  summary: name,
  usage: `!${name} ${tail}`.trim(),
  example: `!${name}`,
});
const planning = (name: string, tail: string, args: Schemas, options: Schemas, rest: Rest): Command =>
  defineCommand({ kind: 'plan', ...words(name, tail), args, options, rest, reads: unused, plan: unused });
const deciding = (name: string, tail: string, args: Schemas, rest: Rest): Command =>
  defineCommand({ kind: 'decide', ...words(name, tail), args, options: {}, rest, decide: unused });

const POOL = planning(
  'pool',
  'HOSTS SERVICE [weight=N]',
  { hosts: Hosts, service: Service },
  { weight: Weight, dc: Dc },
  'reason',
);
const COMMANDS: readonly Command[] = [
  POOL,
  planning('undo', 'ID', { id: OperationId }, {}, 'reason'),
  deciding('approve', 'ID', { id: OperationId }, 'none'),
  deciding('stop', 'ID|all', { id: OperationIdOrAll }, 'none'),
  deciding('freeze', 'REASON', {}, 'required-reason'),
  defineCommand({
    kind: 'answer',
    ...words('status', '[SERVICE or HOST]'),
    args: { subject: OptionalSubject },
    options: {},
    rest: 'none',
    reads: unused,
    answer: () => ok([]),
  }),
];

const parse = (line: string, addressed = false): Parsed => parseLine(line, COMMANDS, { addressed });

/** What tests compare of an invocation. */
function understood(line: string, addressed = false): object {
  const parsed = parse(line, addressed);
  if (parsed.kind !== 'invocation') throw new Error(JSON.stringify(parsed));
  const { command, given, dryRun, reason, tasks } = parsed;
  return { name: command.name, given, dryRun, reason, tasks };
}

const pool = { hosts: { typed: 'maps1005', names: ['maps1005'] }, service: 'karto' };
const plain = { name: 'pool', given: pool, dryRun: false, reason: '', tasks: [] };

describe('lines that are no business of ours', () => {
  test.each([
    '',
    '   ',
    'pool maps1005 karto',
    'we should !pool maps1005 karto',
    '!log pool maps1005',
    '!bash <elukey> pool',
    '!issync',
    '! pool maps1005 karto',
    '!poool maps1005 karto',
    '"!pool" maps1005 karto',
    '\u200b!pool maps1005 karto',
    '!',
    '!toString',
    '!__proto__',
  ])('%j is nothing', (line) => {
    expect(parse(line)).toEqual({ kind: 'nothing' });
  });

  test('an addressed line without words is nothing', () => {
    expect(parse('  ', true)).toEqual({ kind: 'nothing' });
  });
});

describe('lines that are addressed to us', () => {
  test('a word that is no command is answered with the nearest', () => {
    expect(parse('poool maps1005', true)).toEqual({
      kind: 'unknown',
      fault: { kind: 'command-unknown', name: 'poool', nearest: ['pool'] },
    });
  });

  test('a long word is shown cut, without what cannot be seen', () => {
    const parsed = parse(`\u202e${'x'.repeat(500)}`, true);
    expect(parsed).toMatchObject({ fault: { name: 'x'.repeat(40), nearest: [] } });
  });

  test.each(['pool maps1005 karto', '!pool maps1005 karto', 'Pool maps1005 karto'])(
    '%j is understood with and without the bang',
    (line) => {
      expect(understood(line, true)).toEqual(plain);
    },
  );

  test('the line is kept with its bang, so that it can be read again', () => {
    expect(parse('pool maps1005\tkarto \u202ex', true)).toMatchObject({ line: '!pool maps1005 karto x' });
  });
});

describe('arguments, options, reason and tasks', () => {
  test.each<[string, object]>([
    ['!pool maps1005 karto', {}],
    ['  !pool\tmaps1005\u00a0karto ', {}],
    ['!POOL maps1005 karto', {}],
    ['!pool "maps1005" `karto`', {}],
    ['!pool “maps1005” karto', {}],
    ['!pool maps1005 karto weight=5', { given: { ...pool, weight: 5 } }],
    ['!pool weight=5 maps1005 karto', { given: { ...pool, weight: 5 } }],
    ['!pool maps1005 weight=5 karto', { given: { ...pool, weight: 5 } }],
    ['!pool maps1005 karto —weight=5', { given: { ...pool, weight: 5 } }],
    ['!pool maps1005 karto Weight="5" dc=eqiad', { given: { ...pool, weight: 5, dc: 'eqiad' } }],
    ['!pool maps1005 karto first weight=5 worker', { given: { ...pool, weight: 5 }, reason: 'first worker' }],
    [
      '!pool maps1005 karto x - T378944 weight=5',
      { given: { ...pool, weight: 5 }, reason: 'x', tasks: ['T378944'] },
    ],
    ['!pool maps1005 karto first  worker', { reason: 'first  worker' }],
    ["!pool maps1005 karto it's Bob's, don't ask", { reason: "it's Bob's, don't ask" }],
    ["!pool maps1005 karto 'tis unclosed", { reason: "'tis unclosed" }],
    ['!pool maps1005 karto he said “go”', { reason: 'he said “go”' }],
    ['!pool maps1005 karto "weight=5" was tried', { reason: '"weight=5" was tried' }],
    ['!pool maps1005 karto see https://x.org/?a=b&c=d', { reason: 'see https://x.org/?a=b&c=d' }],
    ['!pool maps1005 karto f(a=b), 1+1=2', { reason: 'f(a=b), 1+1=2' }],
    ['!pool maps1005 karto with --wiki and -exec', { reason: 'with --wiki and -exec' }],
    ['!pool maps1005 karto a\u200bb \u0002bold\u0002', { reason: 'ab bold' }],
    ['!pool maps1005 karto first worker - T378944', { reason: 'first worker', tasks: ['T378944'] }],
    ['!pool maps1005 karto first worker – T378944', { reason: 'first worker', tasks: ['T378944'] }],
    ['!pool maps1005 karto - T378944', { tasks: ['T378944'] }],
    ['!pool maps1005 karto - T1234 T4567', { tasks: ['T1234', 'T4567'] }],
    ['!pool maps1005 karto - T1234, T4567', { tasks: ['T1234', 'T4567'] }],
    ['!pool maps1005 karto - T1234,T4567', { tasks: ['T1234', 'T4567'] }],
    ['!pool maps1005 karto - T1234 - T4567', { tasks: ['T1234', 'T4567'] }],
    ['!pool maps1005 karto - T1234 T1234', { tasks: ['T1234'] }],
    ['!pool maps1005 karto as in T1234', { reason: 'as in T1234' }],
    ['!pool maps1005 karto a - b - T1234', { reason: 'a - b', tasks: ['T1234'] }],
    ['!pool maps1005 karto x - T12', { reason: 'x - T12' }],
    ['!pool maps1005 karto x - T0123', { reason: 'x - T0123' }],
    ['!pool maps1005 karto x - T12345678', { reason: 'x - T12345678' }],
    ['!pool maps1005 karto x - T1234 later', { reason: 'x - T1234 later' }],
    ['!pool maps1005 karto -', { reason: '-' }],
  ])('%j', (line, differs) => {
    expect(understood(line)).toEqual({ ...plain, ...differs });
  });

  test('an optional argument that was not typed is undefined', () => {
    expect(understood('!status')).toMatchObject({ given: { subject: undefined } });
  });

  test('the reason of a brake is not searched for options', () => {
    expect(understood('!freeze load=99 on all hosts')).toMatchObject({ reason: 'load=99 on all hosts' });
  });
});

describe('dry-run', () => {
  test.each<[string, boolean, string]>([
    ['!pool maps1005 karto dry-run', true, ''],
    ['!pool maps1005 karto dry-run first worker', true, 'first worker'],
    ['!pool maps1005 karto first worker dry-run', true, 'first worker'],
    ['!pool maps1005 karto first worker --dry-run', true, 'first worker'],
    ['!pool maps1005 karto first worker —dry-run', true, 'first worker'],
    ['!pool maps1005 karto first --dry-run worker', true, 'first worker'],
    ['!pool maps1005 karto DRY-RUN', true, ''],
    ['!pool maps1005 karto dryrun', true, ''],
    ['!pool maps1005 karto weight=5 dry-run', true, ''],
    ['!pool maps1005 karto worker dry-run weight=5', true, 'worker'],
    ['!pool maps1005 karto worker - T378944 dry-run', true, 'worker'],
    ['!pool maps1005 karto worker dry-run - T378944', true, 'worker'],
    ['!pool maps1005 karto after the dry-run of today', false, 'after the dry-run of today'],
    ['!pool maps1005 karto as in "dry-run"', false, 'as in "dry-run"'],
    ['!undo k7f dry-run', true, ''],
  ])('%j', (line, dryRun, reason) => {
    expect(understood(line)).toMatchObject({ dryRun, reason });
  });

  test('is a word like any other where nothing is planned', () => {
    expect(understood('!freeze after the dry-run')).toMatchObject({
      dryRun: false,
      reason: 'after the dry-run',
    });
  });
});

describe('lines of ours that are typed wrongly', () => {
  const usage = '!pool HOSTS SERVICE [weight=N]';
  test.each<[string, object]>([
    ['!pool', { kind: 'argument-missing', argument: 'HOSTS', usage }],
    ['!pool maps1005', { kind: 'argument-missing', argument: 'SERVICE', usage }],
    ['!pool dry-run', { kind: 'argument-missing', argument: 'HOSTS' }],
    ['!pool maps1005 --dry-run', { kind: 'argument-missing', argument: 'SERVICE' }],
    ['!pool maps1005 weight=5', { kind: 'argument-missing', argument: 'SERVICE' }],
    ['!pool maps[1007-1005] karto', { kind: 'range-invalid' }],
    ['!pool m\u0430ps1005 karto', { kind: 'character-refused', codePoint: 'U+0430' }],
    ['!pool maps1005\u200b karto', { kind: 'character-refused', codePoint: 'U+200B' }],
    ['!pool "maps1005 karto', { kind: 'quote-open', quote: '"' }],
    ['!pool maps1005 karto dc="eqiad', { kind: 'quote-open', quote: '"' }],
    ['!pool maps1005 karto weight=0', { kind: 'argument-invalid', argument: 'weight', text: '0', usage }],
    ['!pool maps1005 karto weight=', { kind: 'argument-invalid', argument: 'weight', text: '' }],
    ['!pool maps1005 karto weight=5 weight=6', { kind: 'option-twice', option: 'weight', usage }],
    [
      '!pool maps1005 karto wieght=5',
      { kind: 'option-unknown', option: 'wieght', nearest: ['weight'], usage },
    ],
    ['!pool maps1005 karto x w\u0435ight=5', { kind: 'option-unknown', nearest: ['weight'] }],
    [
      '!pool maps1005 karto x wei\u200bght=5',
      { kind: 'option-unknown', option: 'weight', nearest: ['weight'] },
    ],
    ['!pool maps1005 karto because load=99', { kind: 'option-unknown', option: 'load' }],
    ['!pool maps1005 karto __proto__=1', { kind: 'option-unknown' }],
    ['!pool maps1005 karto constructor=1', { kind: 'option-unknown' }],
    ['!pool maps1005 karto dry-run=yes', { kind: 'argument-invalid', argument: 'dry-run' }],
    ['!pool maps1005 karto --dry-rnu', { kind: 'argument-invalid', argument: 'dry-run' }],
    ['!pool maps1005 karto --weight 5', { kind: 'argument-invalid', argument: 'weight' }],
    [
      '!pool maps1005 karto - T1001 T1002 T1003 T1004 T1005 T1006 T1007 T1008 T1009',
      { argument: 'TASK', usage },
    ],
    ['!approve', { kind: 'argument-missing', argument: 'ID' }],
    ['!approve k1f', { kind: 'argument-invalid', argument: 'ID', text: 'k1f' }],
    ['!approve k7f please do', { kind: 'text-unexpected', text: 'please do', usage: '!approve ID' }],
    ['!approve k7f - T378944', { kind: 'text-unexpected', text: '- T378944' }],
    ['!stop all dry-run', { kind: 'text-unexpected', text: 'dry-run' }],
    ['!status karto foo=bar', { kind: 'option-unknown', option: 'foo', nearest: [] }],
    ['!freeze', { kind: 'argument-missing', argument: 'REASON' }],
    ['!freeze - T378944', { kind: 'argument-missing', argument: 'REASON' }],
    ['!freeze ...', { kind: 'argument-missing', argument: 'REASON' }],
  ])('%j', (line, fault) => {
    expect(parse(line)).toMatchObject({ kind: 'fault', fault });
  });
});

describe('any line', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'maps1005',
      'karto',
      'weight=5',
      'dry-run',
      '-',
      'T1234',
      '"',
      "'",
      'a=b',
      ' ',
      '\u200b',
      '—',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const line = fc.array(piece, { maxLength: 10 }).map((pieces) => `!pool ${pieces.join(' ')}`);

  test('is answered, and a reason never holds what cannot be seen', () => {
    fc.assert(
      fc.property(line, fc.boolean(), (text, addressed) => {
        const parsed = parse(text, addressed);
        expect(['invocation', 'fault']).toContain(parsed.kind);
        if (parsed.kind === 'invocation') {
          expect(parsed.reason).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
          expect(parsed.line.startsWith('!pool')).toBe(true);
        }
      }),
    );
  });

  test('reads the same again from the line that is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('x', 'weight=5', 'dry-run', '-', 'T1234', "it's"), { maxLength: 8 }),
        (rest) => {
          const first = parse(`pool maps1005 karto ${rest.join(' ')}`, true);
          if (first.kind === 'invocation') expect(parse(first.line)).toEqual(first);
        },
      ),
    );
  });
});
