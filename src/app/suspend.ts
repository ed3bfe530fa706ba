import type { Announcement } from '../core/announcement/announcement.ts';
import type { Decision } from '../core/decision.ts';
import { nearest } from '../core/nearest.ts';
import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { cancelOperation } from './cancel-operation.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { requestStop } from './request-stop.ts';
import type { Utterance } from './utterance.ts';

type Suspending = Extract<Decision, { readonly kind: 'suspend' | 'unsuspend' }>;

/** Who may say that somebody is themselves again. */
const ADMIN = 'admin';

/**
 * From now on nothing of a person counts: what they asked for and does not run is cancelled, what runs is held before its next write, and their approvals
 * are not counted before any write.
 */
export async function suspend(
  parts: Parts,
  outbox: Outbox,
  { person, reason }: Suspending,
  utterance: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const names = parts.settings.people().map(({ name }) => name);
  if (!names.includes(person))
    return fail({ kind: 'nobody-called', person, nearest: nearest(person, names) });
  const at = parts.clock.now();
  const by = utterance.person.name;
  const stored = await parts.store.setSuspension(person, { person, by, reason, at });
  if (!stored.ok) return stored;
  await audit(parts, undefined, { event: 'suspended', person: by, data: { person, reason } });
  const ended = await endRequests(parts, outbox, person, utterance);
  return ok([{ kind: 'suspended', person, by, reason, ended }]);
}

async function endRequests(
  parts: Parts,
  outbox: Outbox,
  person: string,
  { transport, person: sayer }: Utterance,
): Promise<readonly string[]> {
  const open = await parts.store.open();
  const own = (open.ok ? open.value : []).filter(({ request }) => request.person === person);
  const ended: string[] = [];
  for (const operation of own) {
    const gone = await endRequest(parts, outbox, operation, { by: transport, sayer: sayer.name });
    if (gone) ended.push(operation.id);
  }
  return ended;
}

async function endRequest(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  { by, sayer }: { readonly by: string; readonly sayer: string },
): Promise<boolean> {
  if (operation.state === 'running') return (await requestStop(parts, outbox, operation, sayer)).ok;
  if (!['awaiting-approval', 'queued', 'held'].includes(operation.state)) return false;
  return (await cancelOperation(parts, outbox, operation, sayer, { by })).ok;
}

/** Lifts it. What was cancelled stays so; they ask again. */
export async function unsuspend(
  parts: Parts,
  { person, reason }: Suspending,
  utterance: Utterance,
): Promise<Result<readonly Announcement[]>> {
  if (!utterance.person.roles.includes(ADMIN))
    return fail({ kind: 'role-missing', person: utterance.person.name, need: [ADMIN] });
  const suspensions = await parts.store.suspensions();
  if (!suspensions.ok) return suspensions;
  const names = suspensions.value.map((one) => one.person);
  if (!names.includes(person)) return fail({ kind: 'nobody-called', person, nearest: names });
  const lifted = await parts.store.setSuspension(person, undefined);
  if (!lifted.ok) return lifted;
  await audit(parts, undefined, {
    event: 'unsuspended',
    person: utterance.person.name,
    data: { person, reason },
  });
  return ok([{ kind: 'unsuspended', person, by: utterance.person.name, reason }]);
}
