import { describe, expect, test } from '@jest/globals';
import {
  LOG_AT_WORK,
  logBotAnswered,
  logBotSeen,
  logBotSilent,
  logTried,
  mayLog,
} from '../../../src/core/sal/log-health.ts';

const MINUTE = 60_000;

describe('whether the log bot is at work', () => {
  test('who is not in the channel is away, and back when seen there', () => {
    const away = logBotSeen(LOG_AT_WORK, false, 5);
    expect(away.away).toEqual({ since: 5, why: 'absent' });
    expect(mayLog(away, 60 * MINUTE)).toBe(false);
    expect(logBotSeen(away, false, 9)).toBe(away);
    expect(logBotSeen(away, true, 9)).toEqual(LOG_AT_WORK);
  });

  test('one line without an answer is an accident, two in a row are not', () => {
    const once = logBotSilent(LOG_AT_WORK, 5);
    expect(mayLog(once, 5)).toBe(true);
    const twice = logBotSilent(once, 7);
    expect(twice.away).toEqual({ since: 7, why: 'silent' });
    expect(mayLog(twice, 7)).toBe(false);
    expect(logBotSilent(logBotAnswered(once), 7).away).toBeUndefined();
  });

  test('being there does not make a silent one answer; an answer does', () => {
    const silent = logBotSilent(logBotSilent(LOG_AT_WORK, 5), 7);
    expect(logBotSeen(silent, true, 8)).toBe(silent);
    expect(logBotSeen(silent, undefined, 8)).toBe(silent);
    expect(logBotAnswered(silent)).toEqual(LOG_AT_WORK);
  });

  test('a silent one that has left is away since it fell silent, and its return is a new beginning', () => {
    const silent = logBotSilent(logBotSilent(LOG_AT_WORK, 5), 7);
    const left = logBotSeen(silent, false, 9);
    expect(left.away).toEqual({ since: 7, why: 'absent' });
    expect(logBotSeen(left, true, 10)).toEqual(LOG_AT_WORK);
  });

  test('a silent one gets one line in ten minutes', () => {
    const silent = logBotSilent(logBotSilent(LOG_AT_WORK, 0), 0);
    expect(mayLog(silent, 9 * MINUTE)).toBe(false);
    expect(mayLog(silent, 10 * MINUTE)).toBe(true);
    const tried = logTried(silent, 10 * MINUTE);
    expect(mayLog(logBotSilent(tried, 11 * MINUTE), 19 * MINUTE)).toBe(false);
    expect(mayLog(tried, 20 * MINUTE)).toBe(true);
  });

  test('where nobody tells who is in the channel only answers count', () => {
    expect(logBotSeen(LOG_AT_WORK, undefined, 5)).toBe(LOG_AT_WORK);
  });
});
