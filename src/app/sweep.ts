import { approvers, eligibleApprovers, missingApprovals, nudgeAt } from '../core/approval.ts';
import type { Operation } from '../core/operation.ts';
import { linesOf } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { PeopleSeen } from './people-seen.ts';
import { isOverdue } from './overdue.ts';
import { remindOfWhatIsOver } from './remind.ts';
import { expireQueued } from './run-operation.ts';
import { viewRows } from './speak.ts';
import { tellAway } from './tell-away.ts';
import { tellLost } from './tell-lost.ts';

/** What runs in this process. */
export interface Worker {
  /** Whether this process writes at all. */
  readonly runs: boolean;
  isRunning(id: string): boolean;
  /** Begins to run it here; does not wait for its end. */
  takeOver(id: string): void;
}

/**
 * Looks at every open operation: ends what expired, reminds once, wakes what should run but has no job, and tells of what is gone. The queue may lose or
 * double a job; this is why that does not matter. Several processes may do it at once: each transition happens once.
 */
export async function sweep(parts: Parts, outbox: Outbox, seen: PeopleSeen, worker: Worker): Promise<void> {
  const known = parts.store.unended();
  const open = await parts.store.open();
  if (!open.ok) {
    for (const operation of known) if (isToBeDone(operation)) tellAway(parts, outbox, operation, open.fault);
    return;
  }
  const now = parts.clock.now();
  for (const operation of open.value) {
    if (operation.state === 'running' && worker.isRunning(operation.id))
      await parts.store.touch(operation.id, now);
    else if (operation.state === 'awaiting-approval') await sweepWaiting(parts, outbox, seen, operation, now);
    else if (isOverdue(parts, operation)) await expireQueued(parts, outbox, operation);
  }
  await wakeForgotten(parts, open.value, worker);
  const listed = new Set(open.value.map(({ id }) => id));
  await tellLost(
    parts,
    outbox,
    known.filter(({ id }) => !listed.has(id)),
  );
  await remindOfWhatIsOver(parts, outbox);
}

async function sweepWaiting(
  parts: Parts,
  outbox: Outbox,
  seen: PeopleSeen,
  operation: Operation,
  now: number,
): Promise<void> {
  const { id, request, plan, rule, expiresAt } = operation;
  if (now >= expiresAt) {
    const rows = viewRows(parts, request, {
      id,
      name: 'end',
      at: now,
      announcement: { kind: 'expired', id, why: 'no-approval' },
    });
    await journalTransition(
      parts,
      outbox,
      { id, from: ['awaiting-approval'], to: 'expired', at: now, patch: { endedAt: now }, rows },
      { event: 'expired' },
    );
    return;
  }
  // Whoever speaks has seen who is there.
  if (operation.nudgedAt !== undefined || now < nudgeAt(operation) || !parts.voice.speaks()) return;
  const announcement = {
    kind: 'nudge' as const,
    id,
    plan: summarizePlan(plan),
    missing: missingApprovals(operation),
    asker: request.person,
    seen: eligibleApprovers(
      rule,
      request.person,
      approvers(operation),
      seen.lately(parts.settings.bounds.seenLatelyMs),
    ),
    expiresAt,
  };
  const rows = viewRows(parts, request, { id, name: 'nudge', at: now, announcement });
  await journalTransition(
    parts,
    outbox,
    {
      id,
      from: ['awaiting-approval'],
      to: 'awaiting-approval',
      at: now,
      patch: { nudgedAt: now },
      rows,
    },
    { event: 'nudged' },
  );
}

/**
 * An operation without a job gets one. One whose job is in the hands of a process that was killed would wait for the queue's lock to run out: when
 * nobody has touched it for a while and it does not run here, it is taken over at once; also where the queue cannot tell who has a job. Should its worker live after all, the epoch keeps it from
 * journaling and the index in etcd from writing over.
 */
async function wakeForgotten(parts: Parts, open: readonly Operation[], worker: Worker): Promise<void> {
  const busy = open.filter(isToBeDone);
  if (busy.length === 0) return;
  const awake = await parts.queue.awake();
  const heads = await headsOf(parts, busy);
  for (const operation of busy) {
    const isItsTurn = linesOf(operation.request).every((line) => heads.get(line) === operation.id);
    if (worker.isRunning(operation.id) || !isItsTurn) continue;
    const orphaned = parts.clock.now() - operation.touchedAt > parts.settings.bounds.orphanedAfterMs;
    if (awake.ok && !awake.value.has(operation.id)) await parts.queue.wake(operation.id);
    else if (orphaned && worker.runs) worker.takeOver(operation.id);
  }
}

function isToBeDone({ state }: Operation): boolean {
  return state === 'queued' || state === 'running';
}

/** The operation whose turn it is, by service. */
async function headsOf(
  { store }: Parts,
  operations: readonly Operation[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const lines = [...new Set(operations.flatMap(({ request }) => linesOf(request)))];
  const heads = await Promise.all(lines.map((line) => store.headOfLine(line)));
  return new Map(heads.map((head, place) => [lines[place] ?? '', head.ok ? head.value : undefined]));
}
