import type { Operation } from '../core/operation.ts';
import type { Parts } from './parts.ts';

/** An approval is for now, not for later: what could not start in time is asked again. */
export function isOverdue(
  { clock, settings }: Parts,
  { state, queuedAt, createdAt }: Pick<Operation, 'state' | 'queuedAt' | 'createdAt'>,
): boolean {
  return state === 'queued' && clock.now() - (queuedAt ?? createdAt) > settings.bounds.startWithinMs;
}
