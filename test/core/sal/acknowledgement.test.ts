import { describe, expect, test } from '@jest/globals';
import type { SalOutcome, SalWatch } from '../../../src/core/sal/acknowledgement.ts';
import { emptyWatch, expireWatch, seenLog, seenReply } from '../../../src/core/sal/acknowledgement.ts';

const ACK = 'Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log';
const PAGE = 'https://wikitech.wikimedia.org/wiki/Server_Admin_Log';
const FAILED = 'Failed to log message to wiki. Somebody should check the error logs.';

/** Lines of the channel, a second apart from 0: `key` is one of ours, anything else somebody's. */
function watching(...lines: readonly (readonly [nick: string, text: string, key?: string])[]): SalWatch {
  return lines.reduce(
    (watch, [nick, text, ours], index) => seenLog(watch, { nick, text, ours, at: index * 1000 }),
    emptyWatch,
  );
}

/** All outcomes of these replies, 10 s after the first line. */
function outcomes(watch: SalWatch, ...replies: readonly string[]): readonly (SalOutcome | undefined)[] {
  let current = watch;
  return replies.map((text) => {
    const read = seenReply(current, { text, at: 10_000, ownNick: 'sluice' });
    current = read.watch;
    return read.outcome;
  });
}

const ours = (key: string): readonly [string, string, string] => ['sluice', '!log DONE (PASS) - x', key];

describe('an acknowledgement', () => {
  test('is about our line, with the address of the page', () => {
    expect(outcomes(watching(ours('a')), ACK)).toEqual([{ key: 'a', state: 'acked', text: PAGE }]);
  });

  test('is about the oldest line, whoever said it', () => {
    const watch = watching(['elukey', '!log depool maps1005'], ours('a'), ours('b'));
    expect(outcomes(watch, ACK, ACK, ACK, ACK)).toEqual([
      undefined,
      { key: 'a', state: 'acked', text: PAGE },
      { key: 'b', state: 'acked', text: PAGE },
      undefined,
    ]);
  });

  test.each<[string, string]>([
    ['logmsgbot', '!log elukey@cumin1002 START - Cookbook'],
    ['logmsgbot_cloud', '!log elukey@cumin1002 START'],
    ['elukey', '!log help'],
    ['elukey', '!log helping elukey'],
    ['elukey', '!LOG x'],
    ['elukey', ' !log x'],
    ['elukey', '!log'],
    ['elukey', 'see !log x'],
  ])('is not waited for when %s says %j', (nick, text) => {
    expect(outcomes(watching([nick, text], ours('a')), ACK)).toEqual([
      { key: 'a', state: 'acked', text: PAGE },
    ]);
  });

  test('is waited for after !log helmfile', () => {
    expect(outcomes(watching(['elukey', '!log helmfile'], ours('a')), ACK)).toEqual([undefined]);
  });

  test.each([
    'T378944: Migrate maps - https://phabricator.wikimedia.org/T378944',
    'Logged the message at nowhere',
    `elukey: ${ACK}`,
    'hello',
    '',
  ])('is not %j', (text) => {
    expect(outcomes(watching(ours('a')), text, ACK)).toEqual([
      undefined,
      { key: 'a', state: 'acked', text: PAGE },
    ]);
  });
});

describe('a failure', () => {
  test.each<[string, 'failed' | 'refused']>([
    [`sluice: ${FAILED}`, 'failed'],
    ['sluice: Message missing. Nothing logged.', 'refused'],
    ['sluice: Not expecting to hear !log here', 'refused'],
    ['sluice: !log ACLs in this channel blocked your message', 'refused'],
    ['sluice: See https://wikitech.wikimedia.org/wiki/Tool:Stashbot for help.', 'refused'],
  ])('%s', (text, state) => {
    expect(outcomes(watching(ours('a')), text)).toEqual([{ key: 'a', state, text }]);
  });

  test("of somebody else's line leaves ours waiting", () => {
    const watch = watching(['elukey', '!log x'], ours('a'));
    expect(outcomes(watch, `elukey: ${FAILED}`, ACK)[1]).toEqual({ key: 'a', state: 'acked', text: PAGE });
  });

  test('of a relayed line, which was never waited for, changes nothing', () => {
    expect(outcomes(watching(ours('a')), `elukey@cumin1002: ${FAILED}`, ACK)[1]?.state).toBe('acked');
  });

  test('that names a later nick passes our earlier line over, which then stays unconfirmed', () => {
    const watch = watching(ours('a'), ['elukey', '!log x'], ours('b'));
    const failed = seenReply(watch, { text: `elukey: ${FAILED}`, at: 5000, ownNick: 'sluice' });
    expect(failed.outcome).toBeUndefined();
    const acked = seenReply(failed.watch, { text: ACK, at: 6000, ownNick: 'sluice' });
    expect(acked.outcome?.key).toBe('b');
    expect(expireWatch(acked.watch, 61_000).unconfirmed).toEqual(['a']);
  });

  test('finds our line under the nick that we have now', () => {
    const watch = watching(['sluice_', '!log x', 'a']);
    expect(outcomes(watch, `sluice: ${FAILED}`)[0]?.key).toBe('a');
  });
});

describe('a minute without an answer', () => {
  test('leaves our line unconfirmed, once, and says nothing of others', () => {
    const watch = watching(['elukey', '!log x'], ours('a'), ours('b'));
    expect(expireWatch(watch, 60_000).unconfirmed).toEqual([]);
    const first = expireWatch(watch, 61_001);
    expect(first.unconfirmed).toEqual(['a']);
    expect(expireWatch(first.watch, 61_002).unconfirmed).toEqual([]);
    expect(expireWatch(first.watch, 99_000)).toEqual({ watch: emptyWatch, unconfirmed: ['b'] });
  });

  test('makes a late acknowledgement belong to the next line', () => {
    const watch = watching(ours('a'), ['x', 'talk'], ours('b'));
    const read = seenReply(watch, { text: ACK, at: 61_000, ownNick: 'sluice' });
    expect(read.outcome?.key).toBe('b');
    expect(expireWatch(read.watch, 61_000).unconfirmed).toEqual(['a']);
  });

  test("does not let other people's lines pile up", () => {
    let watch = emptyWatch;
    for (let at = 0; at < 1_000_000; at += 1000)
      watch = seenLog(watch, { nick: 'x', text: '!log x', ours: undefined, at });
    expect(watch.lines.length).toBeLessThan(70);
  });
});
