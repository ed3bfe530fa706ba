import type { Announcement } from '../core/announcement/announcement.ts';
import { missingApprovals, mayApprove } from '../core/approval.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { suspensionFault } from '../core/suspension.ts';
import { Ballot, endForged } from './ballot.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { Reading, ReadsAhead } from './read-ahead.ts';
import { tellViews } from './tell-views.ts';
import type { Utterance } from './utterance.ts';

/** An approval is told when the write is made, and after this time anyhow. */
const TOLD_WITHIN_MS = 200;

interface Approval {
  readonly operation: Operation;
  readonly utterance: Utterance;
  readonly ahead: ReadsAhead;
  /** What it is judged by, when that is being read already. */
  readonly reading?: Reading | undefined;
}

/**
 * Counts an approval. With the last one the operation begins, in this process if it runs any: it is judged before the vote is stored, and the intents of its first
 * writes are stored with it.
 *
 * @param approval.operation as this process knows it; what came since is found out by the vote, or before it is refused.
 * @returns what is still to be answered where it was said.
 */
export async function approve(
  parts: Parts,
  outbox: Outbox,
  { operation: known, utterance, ahead, reading: begun }: Approval,
): Promise<Result<readonly Announcement[]>> {
  const found = await findApprovable(parts, known, utterance);
  if (!found.ok) return found;
  const operation = found.value;
  if (await endForged(parts, outbox, operation)) return ok([]);
  const { id, plan } = operation;
  // Behind another there is no hurry.
  const isBehind = ahead.hurry(operation) !== undefined;
  const reading = isBehind || missingApprovals(operation) > 1 ? undefined : (begun ?? ahead.begin(operation));
  const ballot = new Ballot(parts, outbox, { operation, utterance });
  let said: Promise<readonly Announcement[]> | undefined;
  const say = (): Promise<readonly Announcement[]> => (said ??= tell());
  const tell = async (): Promise<readonly Announcement[]> => {
    const cast = await ballot.cast();
    if (!cast.ok || cast.value.outcome.kind !== 'counted' || cast.value.isForged) return [];
    await cast.value.audited;
    const { missing, before } = cast.value.outcome;
    const announcement: Announcement = {
      kind: 'approved',
      id,
      person: utterance.person.name,
      plan: summarizePlan(plan),
      missing,
      ahead: before[0],
    };
    return tellViews(parts, outbox, { operation, utterance, announcement });
  };
  // Begun here, it is judged and writes first, and tells of the approval before anything else.
  const handed =
    reading &&
    ahead.hand(reading, { operation: ballot.counted, store: (begin) => ballot.store(begin), tell: say });
  const isTaken = handed !== undefined && parts.queue.begin(id) && handed.isTaken();
  const cast = await (isTaken ? inTime(ballot.whenCast, () => ballot.cast()) : ballot.cast());
  if (!cast.ok) return cast;
  const { outcome, isForged } = cast.value;
  switch (outcome.kind) {
    case 'counted': {
      if (isForged) return ok([]);
      await parts.faultPoint('after-vote');
      const isFirst = outcome.missing === 0 && outcome.before.length === 0;
      // Whoever stands before it wakes it.
      const woken = isFirst ? parts.queue.wake(id) : undefined;
      const answer = isFirst && isTaken ? await inTime(handed.told, say) : await say();
      await woken;
      return ok(answer);
    }
    case 'suspended':
      return fail({ kind: 'suspended', ...outcome.suspension });
    case 'already':
      return fail({ kind: 'already-approved', id, missing: outcome.missing });
    case 'own':
      return fail({ kind: 'own-request', id, missing: outcome.missing });
    case 'not-waiting':
      return fail({ kind: 'not-waiting', id, state: outcome.state, command: 'approve' });
    case 'expired':
      return fail({ kind: 'expired', id, at: outcome.at });
    case 'plan-differs':
      return fail({ kind: 'plan-differs', id });
    case 'unknown':
      return fail({ kind: 'operation-unknown', id, nearest: [] });
  }
}

/** The write may have to wait for etcd; whoever approved must not wait with it. */
async function inTime<T>(done: Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      resolve(otherwise());
    }, TOLD_WITHIN_MS);
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns the operation that may be approved; where this process knows none such, it is read first. */
async function findApprovable(
  { store, clock }: Parts,
  known: Operation,
  utterance: Utterance,
): Promise<Result<Operation>> {
  if (whyNotApprove(known, utterance, clock.now()) === undefined) return ok(known);
  const read = await store.operation(known.id);
  if (!read.ok) return read;
  const operation = read.value ?? known;
  const refused = whyNotApprove(operation, utterance, clock.now());
  if (refused === undefined) return ok(operation);
  // Whoever is suspended is told so, whatever else there is to say. The vote would have found out.
  const suspensions = await store.suspensions();
  const suspended = suspensions.ok ? suspensionFault(suspensions.value, utterance.person.name) : undefined;
  return fail(suspended ?? refused);
}

/** Said in words before the script says it in numbers; the script has the last word. */
function whyNotApprove(
  operation: Operation,
  { person, transport }: Utterance,
  now: number,
): Fault | undefined {
  const { id, state } = operation;
  if (state === 'expired') return { kind: 'expired', id, at: operation.endedAt ?? operation.expiresAt };
  if (state !== 'awaiting-approval') return { kind: 'not-waiting', id, state, command: 'approve' };
  if (now >= operation.expiresAt) return { kind: 'expired', id, at: operation.expiresAt };
  const missing = missingApprovals(operation);
  if (person.name === operation.request.person) return { kind: 'own-request', id, missing };
  if (!mayApprove(operation.rule, operation.request.person, person))
    return { kind: 'role-missing', person: person.name, need: operation.rule.approve };
  if (transport === 'console' && !operation.rule.console) return { kind: 'console-approval', id };
  if (operation.rule.networks === 2 && transport === operation.request.transport)
    return { kind: 'same-network', id, network: transport };
  const before = operation.votes.some((one) => one.person === person.name && one.verdict === 'approve');
  return before ? { kind: 'already-approved', id, missing } : undefined;
}
