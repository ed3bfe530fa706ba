import { describe, expect, test } from '@jest/globals';
import { barText, holds, short } from './bars.ts';
import { picture } from './picture.ts';
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
