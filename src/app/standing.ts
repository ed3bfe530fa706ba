import type { Fault } from '../core/fault.ts';
import type { PoolKey } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import type { Standing as Journaled, StandingQuestion } from '../ports/store.ts';
import type { Parts } from './parts.ts';

/** What holds at the moment for whatever is to be written. */
export interface Standing {
  /** Of the file STOP, when it is there. */
  readonly path: string | undefined;
  readonly journaled: Result<Journaled>;
  /** Those whose removals were read, in that order. */
  readonly pools: readonly PoolKey[];
}

/** Brakes, how much was written lately, and what was taken lately from these pools. */
export async function readStanding(parts: Parts, pools: readonly PoolKey[]): Promise<Standing> {
  const { store, stopFile } = parts;
  const [path, journaled] = await Promise.all([
    stopFile.present(),
    store.standing(standingQuestion(parts, pools)),
  ]);
  return { path, journaled, pools };
}

/** As it is asked now: what is too old to count a moment later is too little to matter, and counts for caution. */
export function standingQuestion({ clock, settings }: Parts, pools: readonly PoolKey[]): StandingQuestion {
  const now = clock.now();
  return {
    writtenSince: now - settings.policy().limits.everybody.per,
    removedSince: now - settings.bounds.removalWindowMs,
    pools,
  };
}

/** More than all together may write: whatever it is, a person should look first. The way back is never too much. */
export function findFlood(
  { settings }: Parts,
  { plan, request }: Operation,
  { objects, standing }: { readonly objects: number; readonly standing: Standing },
): Fault | undefined {
  const { everybody } = settings.policy().limits;
  if (plan.undoes !== undefined || request.breakGlass?.overrides.includes('budget') === true)
    return undefined;
  const { journaled } = standing;
  if (!journaled.ok || journaled.value.written + objects <= everybody.objects) return undefined;
  return {
    kind: 'limit-everybody',
    objects: journaled.value.written + objects,
    most: everybody.objects,
    perMs: everybody.per,
  };
}
