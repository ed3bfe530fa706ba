import type { Announcement } from '../core/announcement/announcement.ts';
import { missingApprovals } from '../core/approval.ts';
import type { Decision } from '../core/decision.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation, OperationState } from '../core/operation.ts';
import { objectResults } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { logsStart, salStart } from '../core/sal/from-operation.ts';
import type { OutboxRow } from '../ports/store.ts';
import { approve } from './approve.ts';
import { authorize } from './authorize.ts';
import { cancelOperation } from './cancel-operation.ts';
import { salRow } from './end-operation.ts';
import { freezeOrThaw, lock, stopAll, unlock } from './decide-brakes.ts';
import { audit, journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import { know } from '../observe/context.ts';
import type { Parts } from './parts.ts';
import type { Reading, ReadsAhead } from './read-ahead.ts';
import { suspend, unsuspend } from './suspend.ts';
import { requestStop } from './request-stop.ts';
import { settleOperation } from './settle-operation.ts';
import { tellViews } from './tell-views.ts';
import { answer, viewRows } from './speak.ts';
import type { Utterance } from './utterance.ts';

/** An operation that is being looked up. */
export interface About {
  readonly found: ReturnType<Parts['store']['operation']>;
  /** What it is judged by when this approval lets it begin. */
  readonly reading: Reading | undefined;
}

/** Looks up the operation that is ruled on. What is approved may be known already: the vote holds it against the journal. */
export function lookUp(
  { store }: Parts,
  { kind, id }: Extract<Decision, { id: string }>,
  ahead?: ReadsAhead,
): About {
  const known = kind === 'approve' ? store.known(id) : undefined;
  if (known?.state !== 'awaiting-approval') return { found: store.operation(id), reading: undefined };
  const reading = missingApprovals(known) > 1 ? undefined : ahead?.begin(known);
  return { found: Promise.resolve(ok(known)), reading };
}

/** Who rules, and what is known. */
interface Ruling {
  readonly utterance: Utterance;
  readonly ahead: ReadsAhead;
  /** The operation, when it is being looked up already. */
  readonly about?: About | undefined;
}

/** Carries out what a person rules about an operation, or about all of them, and answers. */
export async function decide(
  parts: Parts,
  outbox: Outbox,
  decision: Decision,
  { utterance, ahead, about }: Ruling,
): Promise<void> {
  if ('id' in decision) know(parts, 'op', decision.id);
  const said = await carryOut(parts, outbox, decision, { utterance, ahead, about });
  if (!said.ok) {
    await answer(parts, utterance, [
      { kind: 'refused', nick: utterance.nick, fault: said.fault, hint: undefined },
    ]);
    await audit(parts, 'id' in decision ? decision.id : undefined, {
      event: `${decision.kind}-refused`,
      person: utterance.person.name,
      data: { fault: said.fault },
    });
    return;
  }
  await answer(parts, utterance, said.value);
}

async function carryOut(
  parts: Parts,
  outbox: Outbox,
  decision: Decision,
  { utterance, ahead, about }: Ruling,
): Promise<Result<readonly Announcement[]>> {
  switch (decision.kind) {
    case 'freeze':
    case 'thaw':
      return freezeOrThaw(parts, decision.kind, decision.reason, utterance);
    case 'lock':
      return lock(parts, decision, utterance);
    case 'unlock':
      return unlock(parts, decision, utterance);
    case 'suspend':
      return suspend(parts, outbox, decision, utterance);
    case 'unsuspend':
      return unsuspend(parts, decision, utterance);
    case 'stop-all':
      return stopAll(parts, outbox, utterance);
    default: {
      const { found, reading } = about ?? lookUp(parts, decision);
      const operation = await findOperation(parts, decision.id, found);
      if (!operation.ok) return operation;
      const one = { kind: decision.kind, operation: operation.value, utterance, ahead, reading };
      return decideOne(parts, outbox, one);
    }
  }
}

interface One {
  readonly kind: Extract<Decision, { id: string }>['kind'];
  readonly operation: Operation;
  readonly utterance: Utterance;
  readonly ahead: ReadsAhead;
  readonly reading: Reading | undefined;
}

async function decideOne(parts: Parts, outbox: Outbox, one: One): Promise<Result<readonly Announcement[]>> {
  if (one.kind !== 'approve') await one.ahead.whenStored(one.operation);
  switch (one.kind) {
    case 'approve':
      return approve(parts, outbox, one);
    case 'deny':
      return deny(parts, outbox, one);
    case 'unapprove':
      return unapprove(parts, outbox, one);
    case 'cancel':
      return cancel(parts, outbox, one);
    case 'stop':
      return stop(parts, outbox, one);
    case 'resume':
      return resume(parts, outbox, one);
    case 'reviewed':
      return review(parts, outbox, one);
    case 'settle':
      return settleOperation(parts, outbox, one.operation, one.utterance);
  }
}

async function findOperation(parts: Parts, id: string, about: About['found']): Promise<Result<Operation>> {
  const found = await about;
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  const open = await parts.store.open();
  return fail({
    kind: 'operation-unknown',
    id,
    nearest: open.ok ? open.value.map((one) => one.id).slice(0, 3) : [],
  });
}

/** Denying is a brake: any person with a role may, and one is enough. */
async function deny(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: One,
): Promise<Result<readonly Announcement[]>> {
  const { id, state } = operation;
  if (state !== 'awaiting-approval') return fail({ kind: 'not-waiting', id, state, command: 'deny' });
  const at = parts.clock.now();
  const { person } = utterance;
  const rows = viewRows(parts, operation.request, {
    id,
    name: 'end',
    at,
    announcement: { kind: 'denied', id, person: person.name },
    by: utterance.transport,
  });
  const moved = await journalTransition(
    parts,
    outbox,
    { id, from: ['awaiting-approval'], to: 'denied', at, patch: { endedAt: at }, rows },
    { event: 'denied', person: person.name },
  );
  return moved.ok ? ok([]) : late(moved.fault, 'deny');
}

async function unapprove(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: One,
): Promise<Result<readonly Announcement[]>> {
  const { id } = operation;
  const { name } = utterance.person;
  const outcome = await parts.store.withdraw(id, name, parts.clock.now());
  if (!outcome.ok) return outcome;
  if (outcome.value === 'none') return fail({ kind: 'not-approved-by-you', id });
  if (outcome.value !== 'withdrawn')
    return fail({ kind: 'not-waiting', id, state: outcome.value.state, command: 'unapprove' });
  await audit(parts, id, { event: 'withdrawn', person: name });
  const votes = operation.votes.filter(({ person }) => person !== name);
  const missing = missingApprovals({ ...operation, votes });
  const withdrawn: Announcement = { kind: 'withdrawn', id, person: name, missing };
  return ok(tellViews(parts, outbox, { operation, utterance, announcement: withdrawn }));
}

async function cancel(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: One,
): Promise<Result<readonly Announcement[]>> {
  const { id, state } = operation;
  // What runs is stopped first: then people see what is done before they decide that the rest never will be.
  if (state === 'running') return stop(parts, outbox, { operation, utterance });
  const cancellable: readonly OperationState[] = ['awaiting-approval', 'queued', 'held'];
  if (!cancellable.includes(state)) return fail({ kind: 'not-waiting', id, state, command: 'cancel' });
  const moved = await cancelOperation(parts, outbox, operation, utterance.person.name, {
    by: utterance.transport,
  });
  return moved.ok ? ok([]) : late(moved.fault, 'cancel');
}

async function stop(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: Pick<One, 'operation' | 'utterance'>,
): Promise<Result<readonly Announcement[]>> {
  const { id, state } = operation;
  const person = utterance.person.name;
  if (state === 'awaiting-approval') {
    const moved = await cancelOperation(parts, outbox, operation, person, { by: utterance.transport });
    return moved.ok ? ok([]) : late(moved.fault, 'stop');
  }
  if (state !== 'queued' && state !== 'running')
    return fail({ kind: 'not-waiting', id, state, command: 'stop' });
  const marked = await requestStop(parts, outbox, operation, person);
  if (!marked.ok) return late(marked.fault, 'stop');
  return ok(
    tellViews(parts, outbox, { operation, utterance, announcement: { kind: 'stopping', ids: [id], person } }),
  );
}

/** Somebody else has looked at what was done without anybody. */
async function review(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: One,
): Promise<Result<readonly Announcement[]>> {
  const { id, request, state } = operation;
  const person = utterance.person.name;
  if (person === request.person) return fail({ kind: 'own-review', id });
  const announcement = { kind: 'reviewed' as const, id, person, asker: request.person };
  const at = parts.clock.now();
  const rows = viewRows(parts, request, { id, name: 'reviewed', at, announcement, by: utterance.transport });
  const reviewed = await parts.store.review(id, rows);
  if (!reviewed.ok) return reviewed;
  if (!reviewed.value) return fail({ kind: 'not-waiting', id, state, command: 'reviewed' });
  outbox.offer(rows);
  await audit(parts, id, { event: 'reviewed', person });
  return ok([]);
}

/** Whoever resumes must be allowed to ask for it; the worker then checks everything anew. */
async function resume(
  parts: Parts,
  outbox: Outbox,
  { operation, utterance }: One,
): Promise<Result<readonly Announcement[]>> {
  const { id, state, plan, request } = operation;
  if (state !== 'held') return fail({ kind: 'not-waiting', id, state, command: 'resume' });
  const undone = plan.undoes === undefined ? undefined : await parts.store.operation(plan.undoes.id);
  const rule = authorize(parts.settings, {
    command: request.command,
    plan,
    person: utterance.person,
    now: operation.createdAt,
    recent: [],
    id,
    undone: undone?.ok === true ? undone.value : undefined,
    // What the load balancers say now is looked at by the worker; here only whose rule it was.
    lbDown: operation.rule.approvals === 0,
    breakGlass: request.breakGlass,
  });
  if (!rule.ok) return rule;
  const at = parts.clock.now();
  const left = objectResults(operation).filter(({ result }) => result !== 'done').length;
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id,
      from: ['held'],
      to: 'running',
      at,
      takeOver: true,
      patch: { stopRequestedBy: undefined, fault: undefined },
      rows: resumedRows(parts, operation, at),
    },
    { event: 'resumed', person: utterance.person.name },
  );
  if (!moved.ok) return late(moved.fault, 'resume');
  const resumed: Announcement = { kind: 'resumed', id, person: utterance.person.name, left };
  const said = tellViews(parts, outbox, { operation, utterance, announcement: resumed });
  await parts.queue.wake(id);
  return ok(said);
}

/** The log was told that it had ended: each END has a START of its own. */
function resumedRows(parts: Parts, operation: Operation, at: number): readonly OutboxRow[] {
  const hasStarted = logsStart(operation) && operation.steps.some(({ intent }) => intent !== undefined);
  return hasStarted
    ? salRow(parts, operation, `log-start-${String(operation.epoch)}`, at, salStart(operation))
    : [];
}

/** Somebody else was faster: the state that it is in now says so. */
function late(fault: Fault, command: string): Result<never> {
  if (fault.kind !== 'transition-refused') return fail(fault);
  return fail({ kind: 'not-waiting', id: fault.id, state: fault.state, command });
}
