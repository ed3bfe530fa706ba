import type { Fault } from '../core/fault.ts';
import { lockOf } from '../core/lock.ts';
import type { Request } from '../core/operation.ts';
import { linesOf } from '../core/operation.ts';
import { takesAway } from '../core/make-plan.ts';
import type { Plan } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import type { Parts } from './parts.ts';
import type { Standing } from './standing.ts';

/** What is about to start or go on. */
export interface Braked {
  readonly plan: Plan;
  readonly request: Pick<Request, 'service' | 'services' | 'breakGlass'>;
  /** Takes away only what serves nothing: every load balancer finds it down. */
  readonly lbDown: boolean;
}

/** After so long without a log nobody knows any more what was done: then nothing more is taken away. */
const LOG_DOWN_MS = 10 * 60_000;

/**
 * The file STOP, a freeze, a lock, a log that is away: the first that stands in the way. The file stops everything. Going back, and taking away what is down, is stopped by
 * nothing else; break-glass may name the lock.
 *
 * @returns the brake, undefined when the way is free, or the Fault of a journal that does not answer.
 */
export function findBrake(
  { clock }: Parts,
  { path, journaled }: Standing,
  { plan, request, lbDown }: Braked,
): Result<Fault | undefined> {
  if (path !== undefined) return ok({ kind: 'stop-file', path });
  if (!journaled.ok) return journaled;
  const { freeze, locks, logDownSince: since } = journaled.value;
  const isFree = plan.undoes !== undefined || (lbDown && plan.verb === 'depool');
  if (!isFree && since !== undefined && clock.now() - since > LOG_DOWN_MS && takesAway(plan))
    return ok({ kind: 'log-down', since });
  if (isFree || request.breakGlass?.overrides.includes('lock') === true) return ok(undefined);
  if (freeze !== undefined) return ok({ kind: 'frozen', ...freeze });
  for (const service of linesOf(request)) {
    const lock = lockOf(locks, service, clock.now());
    if (lock !== undefined) return ok({ kind: 'locked', until: undefined, ...lock });
  }
  return ok(undefined);
}
