import type { IrcBounds } from './options.ts';

/**
 * How long to wait before the next try, in milliseconds: the first wait, doubled with each failure up to the longest, and up to a quarter more, so that
 * not everybody comes back in the same second.
 *
 * @param tries.failures in a row, without a time of health between them.
 * @param tries.refusedLogin waits long at once: trying again soon only locks the account.
 * @param tries.random 0 to 1.
 */
export function waitBeforeRetry(
  { failures, refusedLogin, random }: { failures: number; refusedLogin: boolean; random: number },
  { backoffFirstMs, backoffMostMs, backoffAuthMs }: IrcBounds,
): number {
  if (refusedLogin) return backoffAuthMs;
  const doublings = Math.min(20, Math.max(0, failures - 1));
  return Math.round(Math.min(backoffMostMs, backoffFirstMs * 2 ** doublings) * (1 + random / 4));
}
