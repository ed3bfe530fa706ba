import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plainBlanks, refusedCharacter, visibleText } from '../../src/core/characters.ts';

describe('visibleText', () => {
  test.each([
    ['nginx test', 'nginx test'],
    ['  a\tb\r\nc  ', 'a b  c'],
    ['no\u00a0break\u202fspace', 'no break space'],
    ['zero\u200bwidth\ufeff\u2060', 'zerowidth'],
    ['bidi \u202eevil\u202c', 'bidi evil'],
    ['\u0002bold\u0002 \u000304,12red\u000f', 'bold red'],
    ['\u0004ff0000hex', 'hex'],
    ['bell\u0007 del\u007f c1\u0090', 'bell del c1'],
    ['half \ud83d surrogate', 'half  surrogate'],
    ['Grüße, don’t “worry” 👍', 'Grüße, don’t “worry” 👍'],
  ])('%j is %j', (text, visible) => {
    expect(visibleText(text)).toBe(visible);
  });

  test('leaves nothing behind that cannot be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

test('plain blanks keep every offset', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(plainBlanks(text)).toHaveLength(text.length);
    }),
  );
});

test.each([
  ['m\u0430ps1005', 'U+0430'],
  ['maps1005\u200b', 'U+200B'],
  ['maps1005\u202e', 'U+202E'],
  ['maps1005;', 'U+003B'],
  ['maps\u{1f44d}', 'U+1F44D'],
])('the refused character of %j is %s', (text, codePoint) => {
  expect(refusedCharacter(text, /^[a-z0-9]$/)).toMatchObject({ kind: 'character-refused', codePoint });
});

test('nothing is refused when every character is allowed', () => {
  expect(refusedCharacter('maps1005', /^[a-z0-9]$/)).toBeUndefined();
});
