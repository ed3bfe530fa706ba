import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { byteLength } from '../../../src/core/byte-text.ts';
import { composeSal, SAL_BYTES_MOST, SAL_RELAY_BYTES_MOST } from '../../../src/core/sal/compose.ts';
import type { SalRecord } from '../../../src/core/sal/record.ts';
import { hostile } from './hostile.ts';

const FIRST: SalRecord = {
  phase: 'done',
  end: 'PASS',
  operation: 'k7f',
  verb: 'pool',
  weight: undefined,
  undoes: undefined,
  service: 'kartotherian-k8s-ssl',
  hosts: ['wikikube-worker1001.eqiad.wmnet'],
  planned: 1,
  notDone: [],
  unknown: [],
  requester: 'elukey',
  approvers: ['jijiki'],
  reason: 'first worker',
  durationMs: 1900,
  tasks: ['T378944'],
};

const workers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `wikikube-worker${String(from + index)}.eqiad.wmnet`);
const maps = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => `maps${String(number)}.eqiad.wmnet`);

describe('the line', () => {
  test.each<[string, Partial<SalRecord>]>([
    [
      '!log DONE (PASS) - pool wikikube-worker1001.eqiad.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki [k7f]: first worker (duration: 00m 01s) - T378944',
      {},
    ],
    [
      '!log DONE (PASS) - depool maps1005.eqiad.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki [k7f]: nginx test (duration: 00m 03s) - T378944',
      { verb: 'depool', hosts: maps(1005), reason: 'nginx test', durationMs: 3000 },
    ],
    [
      '!log START - pool wikikube-worker[1001-1012].eqiad.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki+akosiaris [m3k]: 4 batches - T378944',
      {
        phase: 'start',
        end: undefined,
        hosts: workers(1001, 1012),
        planned: 12,
        approvers: ['jijiki', 'akosiaris'],
        operation: 'm3k',
        reason: '4 batches',
        durationMs: undefined,
      },
    ],
    [
      '!log END (FAIL) - pool 5/9 wikikube-worker[1001-1005].eqiad.wmnet in kartotherian-k8s-ssl by elukey [m3k], not done wikikube-worker[1006-1009].eqiad.wmnet (duration: 12m 40s) - T378944',
      {
        phase: 'end',
        end: 'FAIL',
        hosts: workers(1001, 1005),
        planned: 9,
        notDone: workers(1006, 1009),
        approvers: [],
        operation: 'm3k',
        reason: '',
        durationMs: 760_000,
      },
    ],
    [
      '!log DONE (ERROR) - depool 1/3 maps1005.eqiad.wmnet in kartotherian-k8s-ssl by elukey [k7f], not done maps1007.eqiad.wmnet, unknown maps1006.eqiad.wmnet (duration: 02m 00s)',
      {
        end: 'ERROR',
        verb: 'depool',
        hosts: maps(1005),
        planned: 3,
        notDone: maps(1007),
        unknown: maps(1006),
        approvers: [],
        reason: '',
        durationMs: 120_000,
        tasks: [],
      },
    ],
    [
      '!log DONE (ERROR) - pool 0/1 in kartotherian-k8s-ssl by elukey [k7f], unknown maps1005.eqiad.wmnet',
      {
        end: 'ERROR',
        hosts: [],
        unknown: maps(1005),
        approvers: [],
        reason: '',
        durationMs: undefined,
        tasks: [],
      },
    ],
    [
      '!log DONE (PASS) - weight maps1005.eqiad.wmnet,maps1007.eqiad.wmnet,maps1009.eqiad.wmnet weight=5 in kartotherian-k8s-ssl by elukey [k7f] (duration: 01m 01s)',
      {
        verb: 'weight',
        weight: 5,
        hosts: maps(1005, 1007, 1009),
        planned: 3,
        approvers: [],
        reason: '',
        durationMs: 61_000,
        tasks: [],
      },
    ],
    [
      '!log DONE (PASS) - undo k7f: pool maps1005.eqiad.wmnet in kartotherian-k8s-ssl by elukey [p4w]: too slow (duration: 00m 00s) - T1234 T4567',
      {
        verb: 'undo',
        undoes: { id: 'k7f', verb: 'pool' },
        hosts: maps(1005),
        approvers: [],
        operation: 'p4w',
        reason: 'too slow',
        durationMs: 0,
        tasks: ['T1234', 'T4567', 'T1234'],
      },
    ],
    [
      '!log DONE (PASS) - depool maps[1005-1007,1010].eqiad.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki [k7f]: first worker (duration: 00m 01s) - T378944',
      { verb: 'depool', hosts: maps(1005, 1006, 1007, 1010), planned: 4 },
    ],
  ])('%s', (line, differs) => {
    expect(composeSal({ ...FIRST, ...differs })).toBe(line);
  });

  test('says when it comes late, and on which day', () => {
    const at = Date.UTC(2024, 10, 6, 10, 43, 7);
    const late = (now: number): string => composeSal(FIRST, { late: { at, now } });
    expect(late(at + 60_000)).not.toContain('late');
    expect(late(at + 61_000)).toContain(' (duration: 00m 01s) (late: 10:43:07Z) - T378944');
    expect(late(at + 86_400_000)).toContain(' (duration: 00m 01s) (late: 2024-11-06 10:43:07Z) - T378944');
  });
});

describe('what gives way when the line is too long', () => {
  const manyHosts = Array.from({ length: 40 }, (_, index) => `cp${String(1001 + 2 * index)}.eqiad.wmnet`);
  const long = 'ä'.repeat(400);

  test('first the reason, cut between letters and marked', () => {
    const line = composeSal({ ...FIRST, reason: long });
    expect(line).toMatch(
      /^!log DONE \(PASS\) - pool \S+ in \S+ by elukey, ok jijiki \[k7f\]: ä+\.\.\. \(duration: 00m 01s\) - T378944$/,
    );
    expect(byteLength(line)).toBeGreaterThan(SAL_BYTES_MOST - 3);
  });

  test('many hosts are counted, with the first of them', () => {
    expect(composeSal({ ...FIRST, hosts: manyHosts, planned: 40 })).toContain(
      'pool 40 hosts in eqiad (first cp[1001,1003,1005,1007,1009,1011,1013,1015,1017].eqiad.wmnet...) in kartotherian-k8s-ssl by',
    );
  });

  test('hosts of two data centres are counted together', () => {
    const both = [...manyHosts, 'maps2005.codfw.wmnet'];
    expect(composeSal({ ...FIRST, hosts: both, planned: 41 })).toContain(
      '41 hosts in codfw+eqiad (first cp[',
    );
  });

  test('then the approvers, then hosts, then the service', () => {
    const names = Array.from({ length: 9 }, (_, index) => `${'p'.repeat(29)}${String(index)}`);
    const crowded = { ...FIRST, approvers: names, reason: long };
    expect(composeSal(crowded)).toContain(`, ok ${names[0] ?? ''}+8 [k7f]: ää`);

    const tasks = Array.from({ length: 8 }, (_, index) => `T${String(1_000_000 + index)}`);
    const full = { ...crowded, requester: 'r'.repeat(32), hosts: manyHosts, planned: 80, tasks };
    const lists = { notDone: manyHosts, unknown: [] };
    expect(composeSal({ ...full, ...lists })).toMatch(
      /^!log DONE \(PASS\) - pool 40\/80 40 hosts in eqiad in kartotherian-k8s-ssl by r{32}, ok p+0\+8 \[k7f\], not done 40 hosts in eqiad/,
    );
    const far = { at: 0, now: 1e12 };
    const least = composeSal(
      { ...full, unknown: manyHosts, notDone: manyHosts, service: 's'.repeat(63) },
      { late: far },
    );
    expect(least).toMatch(
      / by r{32}, ok p+0\+8 \[k7f\], not done 40 hosts in eqiad.* \(late: 1970-01-01 00:00:00Z\) - T1000000 .* T1000007$/,
    );
    expect(least).not.toContain('sss');
    expect(byteLength(least)).toBeLessThanOrEqual(SAL_BYTES_MOST);
  });
});

test('what a reason says can neither forge a line nor reach further', () => {
  const reason = 'a\n!log END (PASS) - all good\u202e {{evil}} T42 @jijiki #releng \u200b';
  expect(composeSal({ ...FIRST, reason })).toBe(
    '!log DONE (PASS) - pool wikikube-worker1001.eqiad.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki [k7f]: a !log END (PASS) - all good ((evil)) t42 jijiki releng (duration: 00m 01s) - T378944',
  );
});

test('tasks that are none are left out', () => {
  expect(composeSal({ ...FIRST, tasks: ['T1', 'x', 'T378944 T2', 'T99', 'T999'] })).toMatch(/\) - T999$/);
});

describe('any record', () => {
  const person = fc.oneof(fc.stringMatching(/^[a-z0-9._-]{1,32}$/), hostile);
  const host = fc.oneof(
    fc.integer({ min: 1000, max: 1400 }).map((number) => `maps${String(number)}.eqiad.wmnet`),
    fc.stringMatching(/^[a-z0-9]{1,60}(\.[a-z0-9]{1,60}){0,3}$/),
    hostile,
  );
  const hosts = fc.array(host, { maxLength: 40 });
  const task = fc.integer({ min: 100, max: 9_999_999 }).map((number) => `T${String(number)}`);
  const record: fc.Arbitrary<SalRecord> = fc.record({
    phase: fc.constantFrom('start', 'end', 'done'),
    end: fc.constantFrom('PASS', 'FAIL', 'ERROR', undefined),
    operation: fc.oneof(fc.constant('k7f'), hostile),
    verb: fc.constantFrom('pool', 'depool', 'weight', 'undo'),
    weight: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    undoes: fc.option(fc.record({ id: hostile, verb: fc.constant('pool' as const) }), { nil: undefined }),
    service: fc.oneof(fc.constant('kartotherian-k8s-ssl'), hostile),
    hosts,
    planned: fc.nat(1000),
    notDone: hosts,
    unknown: hosts,
    requester: person,
    approvers: fc.array(person, { maxLength: 12 }),
    reason: fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 500 })),
    durationMs: fc.option(fc.nat(1e9), { nil: undefined }),
    tasks: fc.array(task, { maxLength: 8 }),
  });
  const late = fc.option(fc.record({ at: fc.nat(4e12), now: fc.nat(4e12) }), { nil: undefined });

  test('gives one harmless line that fits, with our verb first and exactly its own tasks last', () => {
    fc.assert(
      fc.property(record, late, (facts, lateness) => {
        const line = composeSal(facts, lateness === undefined ? {} : { late: lateness });
        expect(byteLength(line)).toBeLessThanOrEqual(SAL_BYTES_MOST);
        const relayed = composeSal(facts, { host: 'deploy1003' });
        expect(byteLength(relayed)).toBeLessThanOrEqual(SAL_RELAY_BYTES_MOST);
        expect(relayed).toMatch(/^!log [^@\s]+@deploy1003 (?:START|END|DONE) /);
        expect(line).toMatch(/^!log (START|(END|DONE) \((PASS|FAIL|ERROR)\)) - (pool|depool|weight|undo) ?/);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(line).not.toMatch(/\{\{|\[\[|<|>|~~~|''|\||#releng/i);
        const tasks = [...new Set(facts.tasks)];
        expect([...new Set(line.match(/\bT\d+\b/g) ?? [])]).toEqual(tasks);
        if (tasks.length > 0) expect(line.endsWith(` - ${tasks.join(' ')}`)).toBe(true);
        expect(line).toContain(' by ');
      }),
      { numRuns: 400 },
    );
  });
});
