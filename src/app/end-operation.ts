import type { EndKind } from '../core/announcement/announcement.ts';
import { wordFault } from '../core/announcement/fault-words.ts';
import { byHandSteps } from '../core/by-hand.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { objectResults, touchedProduction, withSteps } from '../core/progress.ts';
import { logsStart, salEnd } from '../core/sal/from-operation.ts';
import type { SalRecord } from '../core/sal/record.ts';
import type { StepRecord } from '../core/step.ts';
import type { OutboxRow, Removal } from '../ports/store.ts';
import type { NoGo } from './check-before-write.ts';
import { freezeByItself } from './freeze-by-itself.ts';
import { audit, journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';
import { tellAway } from './tell-away.ts';

/** The most by-hand lines that are said in the channel. */
const MOST_BY_HAND = 3;

/** How an operation comes to a stop other than by being done. */
export interface End {
  readonly end: Exclude<EndKind, 'done' | 'cancelled'>;
  readonly fault: Fault;
  /** The steps that were written when it stopped, or that it stopped at, in their new states. */
  readonly steps?: readonly StepRecord[];
  readonly removals?: readonly Removal[];
}

/**
 * Brings an operation to a stop: one transition with what is said about it and, when production was or may have been changed,
 * the log line. A forged one also freezes production.
 *
 * @returns undefined: there is nothing to go on with.
 */
export async function endOperation(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  end: End,
): Promise<undefined> {
  const at = parts.clock.now();
  const { steps = [] } = end;
  const current = await asRunning(parts, outbox, operation, end.end);
  if (current === undefined) return undefined;
  const after = withSteps(current, steps);
  const final = end.end !== 'held' && end.end !== 'uncertain';
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id: operation.id,
      from: [current.state],
      to: end.end,
      at,
      epoch: current.epoch,
      patch: { fault: end.fault, ...(final ? { endedAt: at } : {}) },
      steps: steps.map((record) => ({ from: ['planned', 'intent'], record })),
      ...(end.removals === undefined ? {} : { removals: end.removals }),
      rows: endRows(parts, after, end, at),
    },
    {
      event: end.end,
      data: {
        fault: end.fault,
        steps: steps.map(({ index, state, result }) => ({ step: index, state, result })),
      },
    },
  );
  if (!moved.ok) {
    parts.log.error({ op: operation.id, end: end.end, fault: moved.fault }, 'end not journaled');
    return undefined;
  }
  // Somebody can write to Redis who should not: nothing more may be believed until a person has looked.
  if (end.fault.kind === 'forged') {
    const { what } = end.fault;
    await freezeByItself(parts, outbox, operation, `${operation.id} was forged: ${what}`);
    await audit(parts, operation.id, { event: 'forged', data: { what } });
  }
  return undefined;
}

/**
 * Ends an operation that may not write now.
 *
 * @param why.unwritten steps with an open intent that is known not to be written, as they are then.
 */
export async function endByVerdict(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  { verdict, unwritten }: { readonly verdict: NoGo; readonly unwritten: readonly StepRecord[] },
): Promise<undefined> {
  switch (verdict.kind) {
    case 'forged': {
      const fault: Fault = { kind: 'forged', id: operation.id, what: verdict.what };
      return endOperation(parts, outbox, operation, { end: 'refused', fault });
    }
    case 'freeze':
      await freezeByItself(parts, outbox, operation, wordFault(verdict.fault).text);
      return endOperation(parts, outbox, operation, { end: 'held', fault: verdict.fault });
    case 'hold':
      return endOperation(parts, outbox, operation, { end: 'held', fault: verdict.fault });
    case 'conflict':
      return endOperation(parts, outbox, operation, {
        end: 'conflict',
        fault: verdict.fault,
        steps: unwritten,
      });
    case 'fail':
      return failBeforeWrite(parts, outbox, operation, verdict.fault);
  }
}

/** When the journal itself is away nothing can be said of the operation there; the sweeper goes on with it when it is back. */
async function failBeforeWrite(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  fault: Fault,
): Promise<undefined> {
  if (fault.kind === 'store-unreachable' || fault.kind === 'store-refuses') {
    parts.log.warn({ op: operation.id, fault }, 'journal away before a write: nothing was written');
    tellAway(parts, outbox, operation, fault);
    return undefined;
  }
  return endOperation(parts, outbox, operation, { end: 'failed', fault });
}

/** A queued operation can conflict or be refused as it is; to be held or to fail it has to have begun. */
async function asRunning(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  end: EndKind,
): Promise<Operation | undefined> {
  if (operation.state !== 'queued' || end === 'conflict' || end === 'refused') return operation;
  const { id, epoch } = operation;
  const at = parts.clock.now();
  const begun = await journalTransition(
    parts,
    outbox,
    { id, from: ['queued'], to: 'running', at, epoch, takeOver: true, patch: { startedAt: at } },
    { event: 'running' },
  );
  return begun.ok ? begun.value : undefined;
}

function endRows(parts: Parts, operation: Operation, { end, fault }: End, at: number): readonly OutboxRow[] {
  const { id, plan, request } = operation;
  // An operation may be held more than once; everything else ends once.
  const name = end === 'held' ? `held-${String(operation.epoch)}` : end === 'uncertain' ? 'unknown' : 'end';
  const open = [...operation.steps].filter(({ state }) => state !== 'done');
  const byHand = cannotActItself(fault) ? byHandSteps(open).slice(0, MOST_BY_HAND) : [];
  const announcement = {
    kind: 'stopped-at' as const,
    end,
    id,
    plan: summarizePlan(plan),
    fault,
    objects: objectResults(operation),
    byHand,
  };
  const lines = byHand.flatMap((line, index) =>
    viewRows(parts, request, {
      id,
      name: `${name}-by-hand-${String(index)}`,
      at,
      announcement: { kind: 'by-hand', line },
    }),
  );
  // What has a START line gets its END, also when nothing came of it.
  const hasStarted = logsStart(operation) && operation.steps.some(({ intent }) => intent !== undefined);
  const log =
    touchedProduction(operation) || hasStarted
      ? salRow(
          parts,
          operation,
          `log-${name}`,
          at,
          salEnd(operation, isLost(end, fault) ? 'ERROR' : 'FAIL', at),
        )
      : [];
  return [...viewRows(parts, request, { id, name, at, announcement }), ...lines, ...log];
}

/** Nobody knows what was done, or nobody saw it being done: its process died. */
function isLost(end: EndKind, fault: Fault): boolean {
  return end === 'uncertain' || fault.kind === 'interrupted';
}

/** Faults that somebody with other rights, or on another host, does not have. */
function cannotActItself({ kind }: Fault): boolean {
  return (
    kind === 'conftool-forbidden' ||
    kind === 'conftool-read-only' ||
    kind === 'outside-scope' ||
    kind === 'cluster-forbidden' ||
    kind === 'cluster-unauthorized'
  );
}

/** The row of a log line. */
export function salRow(
  parts: Parts,
  operation: Operation,
  name: string,
  at: number,
  record: SalRecord,
): readonly OutboxRow[] {
  const { transport, channel } = parts.settings.sal;
  return [{ key: `${operation.id}:${name}`, op: operation.id, at, transport, channel, kind: 'sal', record }];
}
