import type { Operation } from '../core/operation.ts';
import { isScale, linesOf } from '../core/operation.ts';
import { ok } from '../core/result.ts';
import { MOST_IN_FLIGHT } from '../core/riding.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import { isOverdue } from './overdue.ts';
import type { Parts } from './parts.ts';
import type { Ahead } from './read-ahead.ts';
import { runNodes } from './run-nodes.ts';
import { runScale } from './scale/run-scale.ts';
import { viewRows } from './speak.ts';
import { takeOver } from './take-over.ts';
import type { Ending } from './wait.ts';

/** How an operation is carried out. */
interface How {
  /** Another process has begun: it is left to that one while it is at it. */
  readonly begunElsewhere: boolean;
  readonly ending: Ending;
  /** What was read for it since it was decided that it may begin. */
  readonly ahead: Ahead | undefined;
  /** Told of operations behind this one in its line that are carried out with it. @returns to be called when that is over. */
  readonly takeAlong: (ids: readonly string[]) => () => void;
}

/**
 * Carries out one operation as far as it may go. Safe to be called twice, late, or after a crash: the journal says what was intended
 * and done, and only a compare-and-swap reaches production.
 *
 * @returns the operation when it was done here and now.
 */
export async function runOperation(
  parts: Parts,
  outbox: Outbox,
  id: string,
  how: How,
): Promise<Operation | undefined> {
  const tell = how.ahead?.tell ?? (() => Promise.resolve());
  try {
    return await runInTurn(parts, outbox, id, { ...how, tell });
  } finally {
    // Whatever came of it: somebody waits to hear that it was approved.
    await tell();
  }
}

async function runInTurn(
  parts: Parts,
  outbox: Outbox,
  id: string,
  { begunElsewhere, ending, ahead, tell, takeAlong }: How & { readonly tell: () => Promise<unknown> },
): Promise<Operation | undefined> {
  // Who decided knew its place too, and the journal has the last word.
  const turn =
    ahead === undefined
      ? await parts.store.turn(id, MOST_IN_FLIGHT - 1)
      : ok({ operation: ahead.operation, isFirst: true, behind: [] });
  if (!turn.ok || turn.value === undefined) {
    parts.log.warn({ op: id, fault: turn.ok ? 'unknown operation' : turn.fault }, 'operation not started');
    return undefined;
  }
  const { operation, isFirst, behind } = turn.value;
  if (operation.state !== 'queued' && operation.state !== 'running') return undefined;
  // Should that process die, the sweeper finds out.
  if (begunElsewhere && isAttended(parts, operation)) return undefined;
  if (!isFirst) return undefined;
  const ready =
    operation.state === 'queued'
      ? await admit(parts, outbox, operation)
      : await takeOver(parts, outbox, operation);
  if (ready !== undefined)
    await (isScale(ready)
      ? runScale(parts, outbox, ready, ending)
      : runNodes(parts, outbox, ready, { ending, behind, ahead, tell, takeAlong }));
  for (const service of linesOf(operation.request)) await wakeNext(parts, service, id);
  // What is done stays so: that is known where it was done.
  const after = parts.store.known(id);
  return after?.state === 'done' ? after : undefined;
}

/** Whether some process has given a sign of life of it lately. */
function isAttended({ clock, settings }: Parts, { touchedAt }: Operation): boolean {
  return clock.now() - touchedAt <= settings.bounds.orphanedAfterMs;
}

/** The next operation of the service, when there is one. One that could not end now is left to the sweeper: waking itself it would spin. */
async function wakeNext(parts: Parts, service: string, ended: string): Promise<void> {
  const head = await parts.store.headOfLine(service);
  if (head.ok && head.value !== undefined && head.value !== ended) await parts.queue.wake(head.value);
}

async function admit(parts: Parts, outbox: Outbox, operation: Operation): Promise<Operation | undefined> {
  if (!isOverdue(parts, operation)) return operation;
  await expireQueued(parts, outbox, operation);
  return undefined;
}

/** Ends an approved operation that has not written anything in time. */
export async function expireQueued(parts: Parts, outbox: Outbox, operation: Operation): Promise<void> {
  const at = parts.clock.now();
  const { id, request } = operation;
  const rows = viewRows(parts, request, {
    id,
    name: 'end',
    at,
    announcement: { kind: 'expired', id, why: 'no-start' },
  });
  await journalTransition(
    parts,
    outbox,
    { id, from: ['queued'], to: 'expired', at, patch: { endedAt: at }, rows },
    { event: 'expired' },
  );
}
