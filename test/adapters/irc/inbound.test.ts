import { describe, expect, test } from '@jest/globals';
import type { RawMessage, Reception } from '../../../src/adapters/irc/inbound.ts';
import { toInbound } from '../../../src/adapters/irc/inbound.ts';

const NOW = 1_700_000_000_000;

const RECEPTION: Reception = {
  ownNick: 'sluice',
  channels: ['#Ops'],
  same: (a, b) => a.toLowerCase() === b.toLowerCase(),
  now: NOW,
  liveSince: NOW - 600_000,
  hasServerTime: true,
  joinedAt: NOW - 600_000,
  fallbackKey: 'irc:irc.test:1-2:3',
  network: 'irc.test',
};

const SAID: RawMessage = {
  nick: 'luca',
  target: '#ops',
  text: '!status',
  tags: { msgid: 'm1' },
  time: NOW - 20,
  batchType: undefined,
  account: 'elukey',
};

function hear(said: Partial<RawMessage>, reception: Partial<Reception> = {}): ReturnType<typeof toInbound> {
  return toInbound({ ...SAID, ...said }, { ...RECEPTION, ...reception });
}

describe('what is live', () => {
  test.each<[string, Partial<RawMessage>, Partial<Reception>, boolean]>([
    ['a line said now', {}, {}, false],
    ['a line of a minute ago', { time: NOW - 60_001 }, {}, true],
    ['a line from just before the join', { time: NOW - 1000 }, { liveSince: NOW - 999 }, true],
    ['a line of the moment of the join', { time: NOW - 999 }, { liveSince: NOW - 999 }, false],
    ['a line in a batch of history', { batchType: 'chathistory' }, {}, true],
    ['a line in a batch of a bouncer', { batchType: 'znc.in/playback' }, {}, true],
    ['a line in another batch', { batchType: 'labeled-response' }, {}, false],
    ['a line without time, long after the join', { time: undefined }, { hasServerTime: false }, false],
    [
      'a line without time, soon after the join',
      { time: undefined },
      { hasServerTime: false, joinedAt: NOW - 4999 },
      true,
    ],
  ])('%s', (_what, said, reception, replay) => {
    expect(hear(said, reception)?.replay).toBe(replay);
  });
});

describe('what is said', () => {
  test.each([
    ['sluice: status', 'status', true],
    ['SLUICE, status', 'status', true],
    ['sluice:status', 'status', true],
    ['sluice status', 'sluice status', false],
    ['sluices: status', 'sluices: status', false],
    ['hello sluice: status', 'hello sluice: status', false],
    ['\x02!pool\x0f maps1005', '!pool maps1005', false],
    ['\x0304,12!pool\x03 maps1005', '!pool maps1005', false],
    ['\x04ff0000!pool\x1d\x1f\x1e\x11\x16 maps1005', '!pool maps1005', false],
    ['\x02sluice\x02: status', 'status', true],
  ])('%j is %j, addressed: %j', (text, heard, addressed) => {
    expect(hear({ text })).toMatchObject({ text: heard, addressed });
  });

  test.each<[string, Partial<RawMessage>]>([
    ['our own words', { nick: 'Sluice' }],
    ['another channel', { target: '#other' }],
    ['half a request between clients', { text: '\x01!pool' }],
    ['a reaction to nothing', { text: undefined, tags: { '+draft/react': '✅' } }],
    ['somebody who types', { text: undefined, tags: { '+typing': 'active' } }],
  ])('%s is not heard', (_what, said) => {
    expect(hear(said)).toBeUndefined();
  });

  test('a channel is named as configured, whatever its case', () => {
    expect(hear({ target: '#OPS' })).toMatchObject({
      channel: '#Ops',
      ref: { transport: 'irc', channel: '#Ops', id: 'm1' },
    });
  });

  test('a message without an id has the key of its connection', () => {
    expect(hear({ tags: {} })).toMatchObject({ eventKey: 'irc:irc.test:1-2:3', ref: undefined });
  });

  test.each([
    ['+draft/react', '+draft/reply'],
    ['+react', '+reply'],
    ['+draft/react', '+reply'],
  ])('a reaction by %s to %s is heard', (react, reply) => {
    const reaction = hear({ text: undefined, tags: { [react]: '✅', [reply]: 'm7' } });
    expect(reaction).toMatchObject({ kind: 'reaction', emoji: '✅', targetId: 'm7' });
  });
});
