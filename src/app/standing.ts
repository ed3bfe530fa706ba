import type { Fault } from '../core/fault.ts';
import type { PoolKey } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import type { Standing as Journaled } from '../ports/store.ts';
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
export async function readStanding(
  { store, stopFile, clock, settings }: Parts,
  pools: readonly PoolKey[],
): Promise<Standing> {
  const now = clock.now();
  const [path, journaled] = await Promise.all([
    stopFile.present(),
    store.standing({
      writtenSince: now - settings.policy().limits.everybody.per,
      removedSince: now - settings.bounds.removalWindowMs,
      pools,
    }),
  ]);
  return { path, journaled, pools };
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
