import type { NodeOperation, Operation } from '../core/operation.ts';
import { dueAt } from '../core/progress.ts';
import type { NodeStep } from '../core/step.ts';
import type { Parts } from './parts.ts';

/** Says whether this process was told to end: then nothing further is written. */
export type Ending = () => boolean;

/** How often a wait looks around. */
const LOOK_EVERY_MS = 500;
/** How often a wait says in the journal that somebody is at it: others would take the operation over for dead. */
const TOUCH_EVERY_MS = 2_000;

/**
 * Waits while an operation runs, without being taken for dead. Ends early when the operation is no longer this process's.
 *
 * @param isOver asked every half second.
 * @returns false when another process has the operation.
 */
export async function waitWhileRunning(
  parts: Parts,
  { id, epoch }: Operation,
  isOver: (operation: Operation) => boolean | Promise<boolean>,
): Promise<boolean> {
  const { clock, store } = parts;
  let touchedAt = clock.now();
  for (;;) {
    const fresh = await store.operation(id);
    if (fresh.ok) {
      if (fresh.value?.epoch !== epoch || fresh.value.state !== 'running') return false;
      if (await isOver(fresh.value)) return true;
    }
    if (clock.now() - touchedAt >= TOUCH_EVERY_MS) {
      touchedAt = clock.now();
      await store.transition({ id, from: ['running'], to: 'running', at: touchedAt, epoch });
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** A host that is drained is given its time. A stop, or the end of this process, does not wait for it. */
export async function waitUntilDue(
  parts: Parts,
  operation: NodeOperation,
  { group, ending }: { readonly group: readonly NodeStep[]; readonly ending: Ending },
): Promise<boolean> {
  const due = Math.max(...group.map((step) => dueAt(operation, step)));
  if (parts.clock.now() >= due) return true;
  return waitWhileRunning(
    parts,
    operation,
    ({ stopRequestedBy }) => parts.clock.now() >= due || stopRequestedBy !== undefined || ending(),
  );
}
