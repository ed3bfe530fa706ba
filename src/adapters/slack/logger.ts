import type { Logger } from '@slack/bolt';
import { LogLevel } from '@slack/bolt';
import type { Log } from '../../observe/log.ts';

/** The library's log in ours. Its debug lines hold what people said and are left out. */
export function boltLogger(log: Log): Logger {
  const say =
    (level: 'info' | 'warn') =>
    (...parts: readonly unknown[]): void => {
      log[level]({ part: 'slack' }, parts.map(String).join(' '));
    };
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: say('warn'),
    // What it calls an error is for us to judge.
    error: say('warn'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  };
}
