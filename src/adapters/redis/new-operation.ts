import assert from 'node:assert';
import type { Operation } from '../../core/operation.ts';
import { isFinal, linesOf, OPERATION_TRANSITIONS } from '../../core/operation.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS, wildcards } from './keys.ts';
import type { ChangeReply } from './link.ts';
import { operationFields } from './records.ts';

/**
 * The change that stores a new operation, unless its message made one before or its id cannot be used. It enters the lists of what is open
 * and of what is recent and, when it is queued already, its service's line.
 */
export function newOperation(operation: Operation, retentionMs: number): Change {
  const { state } = operation;
  assert(OPERATION_TRANSITIONS.received.includes(state), `an operation does not begin as ${state}`);
  return asItIs(operation, retentionMs);
}

/** The same in any state: what has ended is not open, and only what waits for its turn stands in a line. */
export function asItIs(operation: Operation, retentionMs: number): Change {
  const { id, state, request, createdAt, viewId } = operation;
  const event = KEYS.event(request.eventKey);
  const change = newChange(KEYS.operation(id));
  change.guard('no-text', event);
  change.guard('no-key', KEYS.operation(id));
  for (const wildcard of wildcards(id)) change.guard('no-member', KEYS.alike, wildcard);

  change.effect('SET', event, id, 'PX', retentionMs);
  change.fields(KEYS.operation(id), operationFields(operation));
  if (isFinal(state)) change.effect('PEXPIRE', KEYS.operation(id), retentionMs);
  else {
    change.effect('ZADD', KEYS.open, createdAt, id);
    change.effect('SADD', KEYS.alike, ...wildcards(id));
  }
  change.effect('ZREMRANGEBYSCORE', KEYS.recent, '-inf', `(${String(createdAt - retentionMs)}`);
  change.effect('ZADD', KEYS.recent, createdAt, id);
  if (viewId !== undefined) change.effect('SET', KEYS.view(viewId), id, 'PX', retentionMs);
  if (request.breakGlass !== undefined) change.effect('ZADD', KEYS.unreviewed, createdAt, id);
  if (state === 'queued') {
    const lines = linesOf(request).map(KEYS.line);
    for (const line of lines) change.effect('JOIN', line, id);
    for (const line of lines) change.effect('HEAD', line);
  }
  return change;
}

/** What the store answers: the first guard knows which operation the same message made. */
export function whatWasCreated(
  id: string,
  reply: ChangeReply,
):
  | { readonly kind: 'created'; readonly before: readonly string[] }
  | { readonly kind: 'taken' }
  | { readonly kind: 'duplicate'; readonly id: string } {
  if (reply.kind === 'done') return { kind: 'created', before: reply.heads.filter((head) => head !== id) };
  return reply.guard === 1 ? { kind: 'duplicate', id: reply.found[0] ?? '' } : { kind: 'taken' };
}
