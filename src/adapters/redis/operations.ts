import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Operation, Request } from '../../core/operation.ts';
import { linesOf } from '../../core/operation.ts';
import { afterTransition } from '../../core/progress.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Store, Transition } from '../../ports/store.ts';
import { newChange } from './change.ts';
import type { KnownOperations } from './known-operations.ts';
import { KEYS } from './keys.ts';
import type { Link, Replicated } from './link.ts';
import { ANY_HASH, DIGEST_ONLY, doneOnly } from './link.ts';
import { asItIs, newOperation, whatWasCreated } from './new-operation.ts';
import { addRowsTo } from './outbox-rows.ts';
import { refusedTransition, transitionChange } from './transition.ts';

/** The part of the store that makes operations, moves them from state to state and finds them again. */
export function operationMethods(
  link: Link,
  { retentionMs, known }: { readonly retentionMs: number; readonly known: KnownOperations },
): Pick<
  Store,
  | 'create'
  | 'restore'
  | 'operation'
  | 'known'
  | 'unended'
  | 'transition'
  | 'touch'
  | 'headOfLine'
  | 'turn'
  | 'operationShownBy'
> {
  const operationOf = async (id: string): Promise<Result<Operation | undefined>> => {
    const reply = await link.hash(KEYS.operation(id), known.digestOf(id));
    if (!reply.ok) return reply;
    const { digest, fields } = reply.value;
    // What was known when it was asked for may be another one by now.
    if (fields === undefined && known.digestOf(id) === digest) return ok(known.find(id));
    if (fields !== undefined) return known.read(id, digest, fields);
    const again = await link.hash(KEYS.operation(id), '');
    return again.ok ? known.read(id, again.value.digest, again.value.fields ?? {}) : again;
  };
  const startsOf = (
    lines: readonly string[],
    most: number,
  ): Promise<Result<readonly (readonly string[])[]>> =>
    link.read(async (client) =>
      ok(await Promise.all(lines.map((line) => client.lrange(KEYS.line(line), 0, most)))),
    );
  return {
    create: async (operation, rows) => {
      const reply = await link.change(
        () => {
          const change = newOperation(operation, retentionMs);
          addRowsTo(change, rows, link);
          return ok(change);
        },
        { replicated: 'should', answer: DIGEST_ONLY },
      );
      if (!reply.ok) return reply;
      if (reply.value.kind === 'done') known.move(operation, reply.value.digest);
      return ok(whatWasCreated(operation.id, reply.value));
    },
    restore: async (operation) => doneOnly(await link.change(() => ok(asItIs(operation, retentionMs)))),
    operation: operationOf,
    known: (id) => known.find(id),
    unended: () => [...known.open().values()].map(({ operation }) => operation),
    turn: async (id, most) => {
      const lines = known.linesOf(id);
      const [operation, early] = await Promise.all([
        operationOf(id),
        lines === undefined ? undefined : startsOf(lines, most),
      ]);
      if (!operation.ok || operation.value === undefined) return operation.ok ? ok(undefined) : operation;
      const starts = early ?? (await startsOf(linesOf(operation.value.request), most));
      if (!starts.ok) return starts;
      const isFirst = starts.value.every(([first]) => first === id);
      const [start = [], ...others] = starts.value;
      const behind = isFirst && others.length === 0 ? start.slice(1) : [];
      return ok({ operation: operation.value, isFirst, behind });
    },
    transition: async (transition) => {
      const { id } = transition;
      const before = known.find(id);
      const digest = known.digestOf(id);
      const reply = await link.change(
        async (client) => {
          const lines = known.linesOf(id) ?? (await linesOfId(client, id));
          if (lines === undefined)
            return fail({
              kind: 'transition-refused',
              id,
              state: 'unknown',
              why: 'there is no such operation',
            });
          const change = transitionChange(transition, lines.map(KEYS.line), retentionMs);
          addRowsTo(change, transition.rows ?? [], link);
          return ok(change);
        },
        { replicated: replicationOf(transition), answer: digest === '' ? ANY_HASH : digest },
      );
      if (!reply.ok) return reply;
      if (reply.value.kind === 'refused') return refusedTransition(transition, reply.value);
      const after = reply.value;
      if (after.fields === undefined && before !== undefined)
        return known.move(afterTransition(before, transition), after.digest);
      const read = known.read(id, after.digest, after.fields ?? {});
      if (!read.ok || read.value !== undefined) return read as Result<Operation>;
      return fail({ kind: 'transition-refused', id, state: 'unknown', why: 'it is gone' });
    },
    touch: async (id, at) =>
      doneOnly(
        await link.change(() => {
          const key = KEYS.operation(id);
          const change = newChange(key);
          change.guard('field-in', key, 'schema', '1');
          change.guard('field-in', key, 'state', 'running');
          change.fields(key, { touchedAt: String(at), rev: randomUUID() });
          return ok(change);
        }),
      ),
    headOfLine: (service) =>
      link.read(async (client) => ok((await client.lindex(KEYS.line(service), 0)) ?? undefined)),
    operationShownBy: (viewId) =>
      link.read(async (client) => ok((await client.get(KEYS.view(viewId))) ?? undefined)),
  };
}

/** Nothing may be written for an intent that could be lost. What was written can be found out again. */
function replicationOf({ steps = [] }: Transition): Replicated {
  return steps.some(({ record }) => record.state === 'intent') ? 'must' : 'should';
}

/** The lines that an operation stands in, which never change; undefined when there is no such operation. */
export async function linesOfId(client: Redis, id: string): Promise<readonly string[] | undefined> {
  const request = await client.hget(KEYS.operation(id), 'request');
  return request === null ? undefined : linesOf(JSON.parse(request) as Request);
}
