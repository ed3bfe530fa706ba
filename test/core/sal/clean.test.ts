import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { byteLength, cutToBytes } from '../../../src/core/byte-text.ts';
import { cleanName, cleanText } from '../../../src/core/sal/clean.ts';
import { hostile } from './hostile.ts';

describe('cleanText', () => {
  test.each([
    ['nginx test', 'nginx test'],
    ['two\nlines\r\nhere', 'two lines here'],
    ['a\n!log b', 'a !log b'],
    ['{{bug|T87104}}', '((bug/t87104))'],
    ['[[gerrit:1310596|Set $wg]]', '((gerrit:1310596/Set $wg))'],
    ['maps[1005-1007] as before', 'maps[1005-1007] as before'],
    ['<UnboundLocalError> x -> y', '‹UnboundLocalError› x -› y'],
    ['~~~~ signed', '- signed'],
    ["''bold'' it's", '"bold" it\'s'],
    ['ask @jijiki and #traffic, or (@joe)', 'ask jijiki and traffic, or (joe)'],
    ['elukey@cumin1002 wrote C#', 'elukey@cumin1002 wrote C#'],
    ['https://gerrit.wikimedia.org/r/#/c/187914/', 'https://gerrit.wikimedia.org/r/#/c/187914/'],
    ['see #releng and x#releng', 'see releng and x-releng'],
    ['like T123 and https://x.org/T456#7', 'like t123 and https://x.org/t456#7'],
    ['xT123 T12x T_1', 'xT123 t12x T_1'],
    ['{F123} inline', '(F123) inline'],
    ['__NOINDEX__ __init__', '_NOINDEX__ _init__'],
    ['e\u0301 is one letter', 'é is one letter'],
    ['T\u200b123', 't123'],
    ['@\u200bjijiki', 'jijiki'],
    ['\u00031005 hosts', '05 hosts'],
  ])('%j becomes %j', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  test('leaves what people really write as it is, but for live markup', () => {
    const lines = readFileSync(new URL('examples.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
    const live = /[{}<>|]|\[\[|\]\]|\bT\d|(?<!\w)[@#]\w| {2}|~~~|''/;
    const ordinary = messages.filter((message) => !live.test(message));
    expect(ordinary.length).toBeGreaterThan(55);
    for (const message of ordinary) expect(cleanText(message)).toBe(message);
  });

  test('makes anything harmless, and every beginning of it', () => {
    fc.assert(
      fc.property(hostile, fc.nat(80), (text, length) => {
        for (const clean of [cleanText(text), cleanText(text).slice(0, length)]) {
          expect(clean).not.toMatch(/\{|\}|\[\[|\]\]|<|>|~~~|''|\||#releng/i);
          expect(clean).not.toMatch(/\bT\d|(?<![\p{L}\p{N}_])[@#][\p{L}\p{N}_]/u);
        }
        expect(cleanText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]| {2}/u);
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['maps1005.eqiad.wmnet', 'maps1005.eqiad.wmnet'],
  ['T123', 't123'],
  ['@Jo hn\n', 'john'],
  ['{{x}}', 'x'],
])('as a name %j becomes %j', (name, clean) => {
  expect(cleanName(name)).toBe(clean);
});

describe('cutToBytes', () => {
  test.each([
    ['abcdef', 3, 'abc'],
    ['abc', 5, 'abc'],
    ['ab cd', 3, 'ab'],
    ['ééé', 5, 'éé'],
    ['a👍🏽b', 8, 'a'],
    ['abc', -4, ''],
  ])('%j in %i bytes is %j', (text, most, cut) => {
    expect(cutToBytes(text, most)).toBe(cut);
  });

  test('is a beginning that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, most) => {
        const cut = cutToBytes(text, most);
        expect(text.startsWith(cut)).toBe(true);
        expect(byteLength(cut)).toBeLessThanOrEqual(most);
      }),
    );
  });
});
