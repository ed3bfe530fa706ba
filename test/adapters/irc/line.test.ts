import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isNick, isTarget, oneLine, otherNick, roomFor } from '../../../src/adapters/irc/line.ts';

test('a line has no controls and fits its room, whatever the text is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 3, max: 400 }),
      (text, room) => {
        const line = oneLine(text, room);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(room);
        expect(line).not.toMatch(/\p{Cc}/u);
      },
    ),
  );
});

test('a family emoji is kept or dropped as one', () => {
  const family = '👩‍👩‍👧‍👦';
  expect(oneLine(`${family}${family}`, Buffer.byteLength(family) + 3)).toBe(`${family}...`);
  expect(oneLine(`${family}${family}`, Buffer.byteLength(family) + 2)).toBe('...');
});

test('the room is what 512 bytes leave after our mask, and 320 until it is known', () => {
  expect(roomFor(undefined, '#ops')).toBe(320);
  expect(roomFor('sluice!sluice@host', '#ops')).toBe(512 - 2 - ':sluice!sluice@host PRIVMSG #ops :'.length);
});

test('no target can end a command or begin another', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 70 }),
      fc.constantFrom(' ', '\r', '\n', '\0', '\x07', ','),
      (name, bad) => {
        expect(isTarget(`#${name}${bad}`)).toBe(false);
        expect(isTarget(`a${name}${bad}x`)).toBe(false);
      },
    ),
  );
});

test.each(['luca', '[bot]', 'a-1', '_x', '{}|^`'])('%s can be a nick', (nick) => {
  expect(isNick(nick)).toBe(true);
});

test.each(['#ops', '1abc', '-a', '', 'NickServ@services', '$*'])('%j cannot be a nick', (nick) => {
  expect(isNick(nick)).toBe(false);
});

test('the next nick is another one, and no nick grows for ever', () => {
  let nick = 'sluice';
  for (let i = 0; i < 30; i++) {
    const next = otherNick(nick);
    expect(isNick(next)).toBe(true);
    expect(next).not.toBe(nick);
    nick = next;
  }
  expect(nick.length).toBeLessThanOrEqual(16);
  expect(otherNick('sluice')).toBe('sluice_');
});
