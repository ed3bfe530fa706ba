import type { Pool } from '../core/node.ts';
import type { Result } from '../core/result.ts';

/** Whether pools that were read are those that the watch had seen before: what is unchanged is the very same object. */
export function isAsSeen(now: Result<readonly Pool[]>, seen: readonly Pool[]): boolean {
  return now.ok && now.value.length === seen.length && now.value.every((pool, at) => pool === seen[at]);
}
