import type { Announcement } from '../core/announcement/announcement.ts';
import type { RuleApplied } from '../core/authorization.ts';
import type { Operation, Request } from '../core/operation.ts';
import type { Plan } from '../core/plan.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { plannedWork } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { composeSal } from '../core/sal/compose.ts';
import { salPreview } from '../core/sal/from-operation.ts';
import { hashPlan, signRequest } from '../core/signature.ts';
import { know } from '../observe/context.ts';
import type { OutboxRow } from '../ports/store.ts';
import type { Parts } from './parts.ts';
import { rolesToSign } from './roles-now.ts';
import { viewRows } from './speak.ts';
import type { Utterance } from './utterance.ts';
import type { Wish } from './wish.ts';

/** Ids tried before giving up: with three characters there are some twenty thousand. */
const ID_TRIES = 40;

/** All services of a plan when it touches several: in the line of each it takes its turn. */
export function servicesOf(plan: Plan): readonly string[] | undefined {
  const { service } = plan;
  const touched =
    'scales' in plan ? [service, plan.behind ?? service] : plan.changes.map(({ key }) => key.service);
  const services = [...new Set(touched)];
  return services.length === 1 && services[0] === service ? undefined : services;
}

/** An operation, and what there is to be said of it. */
export interface Draft {
  readonly operation: Operation;
  readonly rows: readonly OutboxRow[];
}

/** What was stored. */
interface Stored extends Draft {
  /** Those whose turn it is in its lines; none when it is its own. */
  readonly before: readonly string[];
}

/** What somebody wishes for, as an operation, queued or awaiting approval. @param how.attempt from 0: the ids before it are taken. */
export function draftOperation(
  parts: Parts,
  { wish, utterance }: { readonly wish: Wish; readonly utterance: Utterance },
  { rule, attempt }: { readonly rule: RuleApplied; readonly attempt: number },
): Draft {
  const id = parts.settings.operationId(utterance.eventKey, attempt);
  const operation = newOperation(parts, { wish, utterance, rule, id });
  return { operation, rows: requestRows(parts, operation, { wish, utterance, rule }) };
}

/**
 * Stores a new operation.
 *
 * @param draftOf by attempts; each under an id of its own.
 * @returns the id that the same message made before, when it was heard twice.
 */
export async function storeOperation(
  parts: Parts,
  draftOf: (attempt: number) => Draft,
): Promise<Result<Stored | { readonly duplicate: string; readonly state: Operation['state'] }>> {
  for (let attempt = 0; attempt < ID_TRIES; attempt++) {
    const { operation, rows } = draftOf(attempt);
    const created = await parts.store.create(operation, rows);
    if (!created.ok) return created;
    if (created.value.kind !== 'taken') know(parts, 'op', operation.id);
    if (created.value.kind === 'created') return ok({ operation, rows, before: created.value.before });
    if (created.value.kind === 'duplicate') {
      const known = await parts.store.operation(created.value.id);
      return ok({
        duplicate: created.value.id,
        state: known.ok ? (known.value?.state ?? 'refused') : 'received',
      });
    }
  }
  return fail({ kind: 'store-refuses', cause: 'no free operation id' });
}

function newOperation(
  parts: Parts,
  { wish, utterance, rule, id }: { wish: Wish; utterance: Utterance; rule: RuleApplied; id: string },
): Operation {
  const at = parts.clock.now();
  const { transport, channel, eventKey, person } = utterance;
  const services = servicesOf(wish.plan);
  const request: Request = {
    command: wish.command,
    line: wish.line,
    service: wish.plan.service,
    reason: wish.reason,
    tasks: wish.tasks,
    person: person.name,
    transport,
    channel,
    eventKey,
    at: utterance.at,
    ...rolesToSign(parts.settings, person),
    ...(services === undefined ? {} : { services }),
    ...(wish.breakGlass === undefined ? {} : { breakGlass: wish.breakGlass }),
  };
  const planHash = hashPlan(wish.plan);
  return {
    schema: '1',
    id,
    state: rule.approvals === 0 ? 'queued' : 'awaiting-approval',
    request,
    ...plannedWork(wish.plan),
    planHash,
    signature: signRequest(parts.settings.signingKey, { id, planHash, request }),
    rule,
    createdAt: at,
    expiresAt: at + rule.expiresMs,
    nudgedAt: undefined,
    queuedAt: rule.approvals === 0 ? at : undefined,
    startedAt: undefined,
    endedAt: undefined,
    touchedAt: at,
    epoch: 0,
    votes: [],
    stopRequestedBy: undefined,
    fault: undefined,
    viewId: undefined,
  };
}

function requestRows(
  parts: Parts,
  operation: Operation,
  {
    wish,
    utterance,
    rule,
  }: { readonly wish: Wish; readonly utterance: Utterance; readonly rule: RuleApplied },
): readonly OutboxRow[] {
  const { nick } = utterance;
  const { id, plan } = operation;
  const { breakGlass } = operation.request;
  const common = { nick, id, plan: summarizePlan(plan), notes: plan.notes };
  const announcement: Announcement =
    operation.state === 'queued'
      ? { kind: 'starts', ...common, breakGlass }
      : {
          kind: 'waits',
          ...common,
          approvals: rule.approvals,
          reactions: false,
          expiresAt: operation.expiresAt,
          seen: wish.seen(rule, operation.request.person),
          publicLine: isPrivateAt(parts, utterance) ? composeSal(salPreview(operation)) : undefined,
        };
  return viewRows(parts, operation.request, { id, name: 'request', at: operation.createdAt, announcement });
}

function isPrivateAt({ chats }: Parts, { transport, channel }: Utterance): boolean {
  const chat = chats.find((one) => one.transport === transport);
  return chat?.capabilities(channel).isPrivate === true;
}
