import type { Announcement } from '../core/announcement/announcement.ts';
import { missingApprovals, mayApprove } from '../core/approval.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { findForgery, signedVote } from '../core/signature.ts';
import { suspensionFault } from '../core/suspension.ts';
import type { VoteOutcome } from '../ports/store.ts';
import { endOperation } from './end-operation.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { ReadsAhead } from './read-ahead.ts';
import { rolesToSign } from './roles-now.ts';
import { tellViews } from './tell-views.ts';
import type { Utterance } from './utterance.ts';

/** An approval is told when the write is made, and after this time anyhow. */
const TOLD_WITHIN_MS = 200;

interface Approval {
  readonly operation: Operation;
  readonly utterance: Utterance;
  readonly ahead: ReadsAhead;
}

/**
 * Counts an approval. With the last one the operation begins, in this process if it runs any: what it is judged by is read while the vote is being stored.
 *
 * @param approval.operation as this process knows it; what came since is found out by the vote, or before it is refused.
 * @returns what is still to be answered where it was said.
 */
export async function approve(
  parts: Parts,
  outbox: Outbox,
  { operation: known, utterance, ahead }: Approval,
): Promise<Result<readonly Announcement[]>> {
  const found = await findApprovable(parts, known, utterance);
  if (!found.ok) return found;
  const operation = found.value;
  if (await endForged(parts, outbox, operation)) return ok([]);
  const reading = missingApprovals(operation) > 1 ? undefined : ahead.begin(operation);
  const voted = await vote(parts, operation, utterance);
  if (!voted.ok) return voted;
  const { outcome, audited } = voted.value;
  const { id, plan } = operation;
  switch (outcome.kind) {
    case 'counted': {
      const { missing } = outcome;
      await parts.faultPoint('after-vote');
      const isAnother = outcome.operation.plan !== operation.plan;
      if (isAnother && (await endForged(parts, outbox, outcome.operation))) return ok([]);
      const [before] = outcome.before;
      const approved: Announcement = {
        kind: 'approved',
        id,
        person: utterance.person.name,
        plan: summarizePlan(plan),
        missing,
        ahead: before,
      };
      let said: Promise<readonly Announcement[]> | undefined;
      const say = (): Promise<readonly Announcement[]> =>
        (said ??= audited.then(() =>
          tellViews(parts, outbox, { operation, utterance, announcement: approved }),
        ));
      if (missing > 0) return ok(await say());
      // Begun here, it writes first, and tells of the approval before anything else.
      const handed =
        reading === undefined || before !== undefined
          ? undefined
          : ahead.hand(reading, outcome.operation, say);
      // Whoever stands before it wakes it.
      const woken = before === undefined ? parts.queue.wake(id) : undefined;
      const answer = handed?.isTaken() === true ? await inTime(handed.told, say) : await say();
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
async function inTime<T>(told: Promise<T>, say: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      resolve(say());
    }, TOLD_WITHIN_MS);
  });
  try {
    return await Promise.race([told, late]);
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

/** @returns whether it was not as somebody of ours has made it. */
async function endForged(parts: Parts, outbox: Outbox, operation: Operation): Promise<boolean> {
  const forgery = findForgery(parts.settings.signingKey, operation);
  if (forgery === undefined) return false;
  const fault: Fault = { kind: 'forged', id: operation.id, what: forgery };
  await endOperation(parts, outbox, operation, { end: 'refused', fault });
  return true;
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

/** @returns what came of it; `audited` resolves when the audit log has it, or has refused it. */
async function vote(
  parts: Parts,
  operation: Operation,
  { person, eventKey, transport }: Utterance,
): Promise<
  Result<{
    readonly outcome: VoteOutcome;
    readonly audited: Promise<unknown>;
  }>
> {
  const { id, planHash } = operation;
  const verdict = 'approve' as const;
  const at = parts.clock.now();
  const roles = rolesToSign(parts.settings, person);
  const unsigned = { person: person.name, verdict, planHash, eventKey, transport, at, ...roles };
  const signed = signedVote(parts.settings.signingKey, { id, vote: unsigned });
  const voted = await parts.store.vote(id, signed, at);
  if (!voted.ok) return voted;
  const outcome = voted.value;
  const isLast = outcome.kind === 'counted' && outcome.missing === 0 && outcome.before.length === 0;
  const audited = audit(
    parts,
    id,
    {
      event: verdict,
      person: person.name,
      data: {
        planHash,
        eventKey,
        transport,
        outcome: outcome.kind,
        ...(outcome.kind === 'counted' ? { missing: outcome.missing } : {}),
      },
    },
    // The intent that follows waits for both lines.
    isLast ? 'soon' : 'now',
  );
  return ok({ outcome, audited });
}
