/** Whether the bot that keeps the Server Admin Log is at work, as far as one can see from the channel. */
export interface LogHealth {
  /** Lines in a row that it did not answer. */
  readonly silent: number;
  /** Since when it is away, and how that shows; undefined while it is at work. */
  readonly away: { readonly since: number; readonly why: 'absent' | 'silent' } | undefined;
  /** When a line was last sent to a bot that is there and says nothing. */
  readonly triedAt: number;
}

/** Nothing speaks against it. */
export const LOG_AT_WORK: LogHealth = { silent: 0, away: undefined, triedAt: 0 };

/** One line without an answer may be an accident. */
const MOST_SILENT = 2;
/** A bot that is there and silent gets one line in this time, for somebody has to begin. */
const TRY_EVERY_MS = 600_000;

/**
 * Whether it is seen in the channel, looked at when there is something to log.
 *
 * @param present undefined when the network does not tell who is there: then only its answers count.
 */
export function logBotSeen(health: LogHealth, present: boolean | undefined, now: number): LogHealth {
  if (present === false) {
    if (health.away?.why === 'absent') return health;
    return { ...health, away: { since: health.away?.since ?? now, why: 'absent' } };
  }
  return health.away?.why === 'absent' ? LOG_AT_WORK : health;
}

/** It has answered somebody's line. */
export function logBotAnswered(health: LogHealth): LogHealth {
  return health.away === undefined && health.silent === 0 ? health : LOG_AT_WORK;
}

/** A line of ours got no answer in its time. */
export function logBotSilent(health: LogHealth, now: number): LogHealth {
  const silent = health.silent + 1;
  const away = health.away ?? (silent >= MOST_SILENT ? { since: now, why: 'silent' as const } : undefined);
  return { silent, away, triedAt: health.away === undefined ? now : health.triedAt };
}

/** Whether a log line may be sent now; while the bot is away it would be lost. */
export function mayLog({ away, triedAt }: LogHealth, now: number): boolean {
  return away === undefined || (away.why === 'silent' && now - triedAt >= TRY_EVERY_MS);
}

/** A line is sent to it. */
export function logTried(health: LogHealth, now: number): LogHealth {
  return { ...health, triedAt: now };
}
