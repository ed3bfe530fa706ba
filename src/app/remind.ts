import type { Operation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { stepsOf } from '../core/progress.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/** Between the first reminder and the second, which is the last. */
const AGAIN_MS = 30 * 60_000;

/**
 * Reminds of what was meant to be for a while only, when its time is up and once more later. It is never put back by itself, and what somebody has
 * changed since is not spoken of.
 */
export async function remindOfWhatIsOver(parts: Parts, outbox: Outbox): Promise<void> {
  const { store, clock } = parts;
  const now = clock.now();
  const due = await store.dueReminders(now);
  for (const id of due.ok ? due.value : []) {
    const found = await store.operation(id);
    if (!found.ok) return;
    if (found.value !== undefined) await remindOf(parts, outbox, found.value, now);
    else await store.setReminder(id, undefined, []);
  }
}

async function remindOf(parts: Parts, outbox: Outbox, operation: Operation, now: number): Promise<void> {
  const { id, request, plan, endedAt } = operation;
  const stands = await stillStands(parts, operation);
  // Production cannot be read now: looked at again at the next sweep.
  if (stands === undefined) return;
  const { forMs } = plan;
  if (!stands || forMs === undefined || endedAt === undefined) {
    await parts.store.setReminder(id, undefined, []);
    return;
  }
  const again = now >= endedAt + forMs + AGAIN_MS;
  const announcement = {
    kind: 'remind' as const,
    id,
    person: request.person,
    forMs,
    what: summarizePlan(plan),
    again,
  };
  const rows = viewRows(parts, request, {
    id,
    name: again ? 'remind-again' : 'remind',
    at: now,
    announcement,
  });
  const set = await parts.store.setReminder(id, again ? undefined : endedAt + forMs + AGAIN_MS, rows);
  if (!set.ok) return;
  outbox.offer(rows);
  await audit(parts, id, { event: 'reminded', data: { again } });
}

/** Whether at least one object is as the operation left it; undefined when it cannot be read. */
async function stillStands({ conftool }: Parts, operation: Operation): Promise<boolean | undefined> {
  if (isScale(operation)) return false;
  for (const { pool: key } of operation.plan.effects) {
    const pool = await conftool.pool(key);
    if (!pool.ok) return undefined;
    const left = pool.value.nodes.some(({ key: at, modifiedIndex }) =>
      stepsOf(operation, at).some(({ result }) => result?.modifiedIndex === modifiedIndex),
    );
    if (left) return true;
  }
  return false;
}
