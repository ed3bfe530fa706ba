import { describe, expect, test } from '@jest/globals';
import { barText, holds, short } from './bars.ts';
import { picture } from './picture.ts';
import type { Results } from './results.ts';
import { barsOf, stacksOf, tableOf, verdictOf } from './results.ts';
import { shuffled, summarize } from './statistics.ts';
import { table } from './table.ts';

describe('statistics', () => {
  test('the middle, the slow end and the slowest, whatever the order', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ n: 5, p50: 3, p95: 4.8, max: 5 });
    expect(summarize([7])).toEqual({ n: 1, p50: 7, p95: 7, max: 7 });
    expect(summarize([1, 2])).toMatchObject({ p50: 1.5 });
  });

  test('nothing measured is no figure', () => {
    expect(() => summarize([])).toThrow('nothing was measured');
  });

  test('another order has the same things', () => {
    expect([...shuffled([1, 2, 3, 4])].sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('a bar', () => {
  const bar = { what: 'x', value: 6, unit: 'ms', floor: 3, most: 2 };

  test('holds at its edge, and not above', () => {
    expect(holds(bar)).toBe(true);
    expect(holds({ ...bar, value: 6.01 })).toBe(false);
    expect(holds({ ...bar, floor: undefined, most: 6 })).toBe(true);
    expect(holds({ ...bar, floor: undefined, most: 5 })).toBe(false);
  });

  test('without a figure holds nothing', () => {
    expect(holds({ ...bar, value: NaN })).toBe(false);
    expect(holds({ ...bar, floor: 0 })).toBe(false);
  });

  test('says what it is and what it may be', () => {
    expect(barText(bar)).toBe('2 x, at most 2 x');
    expect(barText({ ...bar, floor: undefined, value: 0.71234, unit: 's', most: 1 })).toBe(
      '0.712 s, at most 1 s',
    );
    expect(barText({ ...bar, value: 0.05, most: 1 / 40 })).toBe('0.0167 x, at most 0.025 x');
  });
});

test.each([
  [0, '0'],
  [1234.5, '1235'],
  [12.345, '12.3'],
  [0.01234, '0.0123'],
])('%s has three digits that count: %s', (value, text) => {
  expect(short(value)).toBe(text);
});

test('a table lines up', () => {
  expect(
    table(
      ['what', 'ms'],
      [
        ['a', '1'],
        ['longer', '20'],
      ],
    ),
  ).toBe(['| what   | ms  |', '| ------ | --- |', '| a      | 1   |', '| longer | 20  |'].join('\n'));
});

test('a picture has a bar for each part, on one scale', () => {
  const svg = picture('a < b', [
    {
      name: 'one',
      parts: [
        { what: 'x', ms: 10 },
        { what: 'y', ms: 10 },
      ],
    },
    { name: 'two', parts: [{ what: 'x', ms: 5 }] },
  ]);
  const widths = [...svg.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="26"/g)].map(
    ([, width]) => Number(width),
  );
  expect(widths).toEqual([245, 245, 122.5]);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('20.0 ms');
});

describe('the results of a run', () => {
  const stages = { heard: 1, begun: 2, written: 3, told: 1 };
  const talk = { answer: 6, log: 12, written: 6, told: 7, stages };
  const together = { ms: 900, asked: 200, done: 200, logged: 200, written: 200 };
  const good: Results = {
    floors: [{ answer: 3, write: 2, queue: 6 }],
    whole: [talk],
    split: [talk],
    confctl: [300],
    regex: [700],
    many: [500],
    hosts: 200,
    together: [together],
    bareTogether: [300],
    starts: [{ readyMs: 1900, registrationMs: 1000 }],
    idleMb: 130,
    beforeMb: 200,
    afterMb: 210,
    operations: 2000,
  };
  const missed = (results: Results): readonly string[] =>
    barsOf(results)
      .filter((bar) => !holds(bar))
      .map(({ what }) => what);

  test('all bars hold', () => {
    expect(barsOf(good)).toHaveLength(12);
    expect(missed(good)).toEqual([]);
  });

  test.each([
    ['an answer lost', { together: [{ ...together, done: 199 }] }, ['of 200 commands at once lost or twice']],
    [
      'a log line twice',
      { together: [{ ...together, logged: 201 }] },
      ['of 200 commands at once lost or twice'],
    ],
    ['slow to write', { whole: [{ ...talk, written: 7 }] }, ['approval -> written and read back, p50']],
    [
      'a start that takes long',
      { starts: [{ readyMs: 2001, registrationMs: 1000 }] },
      ['start -> ready, without registration at IRC'],
    ],
    ['memory that grows', { afterMb: 221 }, ['memory for 100 operations']],
  ])('%s is seen', (_what, change, bars) => {
    expect(missed({ ...good, ...change })).toEqual(bars);
  });

  test('are told with every subject, and drawn', () => {
    const text = tableOf(good);
    for (const subject of [
      'floor: swap',
      'Sluice: answer',
      'gateway and worker apart: told',
      'confctl: 200 objects',
    ])
      expect(text).toContain(subject);
    expect(verdictOf(barsOf({ ...good, idleMb: 151 }))).toMatch(
      /idle memory .*151 MiB, at most 150 MiB .*NO/,
    );
    expect(stacksOf(good).map(({ parts }) => parts.reduce((sum, { ms }) => sum + ms, 0))).toEqual([7, 7, 2]);
  });
});
