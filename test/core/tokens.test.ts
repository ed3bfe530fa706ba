import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readTokens, withoutDashes } from '../../src/core/tokens.ts';

const texts = (line: string): readonly string[] => readTokens(line).map((token) => token.text);

describe('readTokens', () => {
  test.each<[string, readonly string[]]>([
    ['', []],
    ['   ', []],
    ['!pool maps1005 kartotherian', ['!pool', 'maps1005', 'kartotherian']],
    ['  a \t b\u00a0c\u202fd  ', ['a', 'b', 'c', 'd']],
    ['"two words" next', ['two words', 'next']],
    ["'two words' next", ['two words', 'next']],
    ['“two words” next', ['two words', 'next']],
    ['„zwei Wörter“ next', ['zwei Wörter', 'next']],
    ['‘two words’ next', ['two words', 'next']],
    ['name="two words" next', ['name=two words', 'next']],
    ['name=“two words” next', ['name=two words', 'next']],
    ["don't stop, it's Bob's", ["don't", 'stop,', "it's", "Bob's"]],
    ["'it isn't over' yet", ["it isn't over", 'yet']],
    ['"" x', ['', 'x']],
    ["'tis unclosed", ["'tis", 'unclosed']],
    ['name="never closed', ['name="never', 'closed']],
    ['reason – T123', ['reason', '-', 'T123']],
    ['reason — T123', ['reason', '-', 'T123']],
    ['—dry-run', ['-dry-run']],
    ['kartotherian–ssl', ['kartotherian–ssl']],
  ])('%j has the words %j', (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  test('only a whole word between quotes is quoted', () => {
    expect(readTokens(`"a b" c='d e' f`).map((token) => token.quoted)).toEqual([true, false, false]);
  });

  test('a quote that is never closed is known, and so is an apostrophe that opens nothing', () => {
    expect(readTokens(`'tis don't "x`).map((token) => token.openQuote)).toEqual(["'", undefined, '"']);
  });

  test('offsets take the line verbatim, quotes included', () => {
    const line = 'go “two words” end';
    const [, second] = readTokens(line);
    expect(line.slice(second?.start, second?.end)).toBe('“two words”');
  });

  test('tokens stand in order, apart, and hold everything but blanks', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '=', '“', '–', '\u00a0') }),
        (line) => {
          let end = 0;
          for (const token of readTokens(line)) {
            expect(line.slice(end, token.start).trim()).toBe('');
            expect(token.end).toBeGreaterThan(token.start);
            end = token.end;
          }
          expect(line.slice(end).trim()).toBe('');
        },
      ),
    );
  });
});

test.each([
  ['--dry-run', 'dry-run'],
  ['—dry-run', 'dry-run'],
  ['dry-run', 'dry-run'],
])('%s without its dashes is %s', (text, bare) => {
  expect(withoutDashes(text)).toBe(bare);
});
