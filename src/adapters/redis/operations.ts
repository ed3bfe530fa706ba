import type { Redis } from 'ioredis';
import type { Operation, Request } from '../../core/operation.ts';
import { linesOf } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Store, Transition } from '../../ports/store.ts';
import { newChange } from './change.ts';
import { KnownOperations } from './known-operations.ts';
import { KEYS } from './keys.ts';
import type { Link, Replicated } from './link.ts';
import { doneOnly } from './link.ts';
import { asItIs, newOperation, whatWasCreated } from './new-operation.ts';
import { addRowsTo } from './outbox-rows.ts';
import { readOperation } from './records.ts';
import { transitionChange, transitionResult } from './transition.ts';

/** The part of the store that makes operations, moves them from state to state and finds them again. */
export function operationMethods(
  link: Link,
  retentionMs: number,
): Pick<
  Store,
  | 'create'
  | 'restore'
  | 'operation'
  | 'open'
  | 'recent'
  | 'transition'
  | 'touch'
  | 'headOfLine'
  | 'operationShownBy'
> {
  const known = new KnownOperations();
  return {
    create: async (operation, rows) => {
      const reply = await link.change(() => {
        const change = newOperation(operation, retentionMs);
        addRowsTo(change, rows);
        return ok(change);
      }, 'should');
      return reply.ok ? ok(whatWasCreated(reply.value)) : reply;
    },
    restore: async (operation) => doneOnly(await link.change(() => ok(asItIs(operation, retentionMs)))),
    operation: (id) =>
      link.read(async (client) => readOperation(id, await client.hgetall(KEYS.operation(id)))),
    open: () => link.read(async (client) => readAll(link, known, await client.zrange(KEYS.open, '0', '-1'))),
    recent: (most) =>
      link.read(async (client) => readAll(link, known, await client.zrevrange(KEYS.recent, 0, most - 1))),
    transition: async (transition) => {
      const { id } = transition;
      const reply = await link.change(async (client) => {
        const lines = await linesOfId(client, id);
        if (lines === undefined)
          return fail({
            kind: 'transition-refused',
            id,
            state: 'unknown',
            why: 'there is no such operation',
          });
        const change = transitionChange(transition, lines.map(KEYS.line), retentionMs);
        addRowsTo(change, transition.rows ?? []);
        return ok(change);
      }, replicationOf(transition));
      return reply.ok ? transitionResult(transition, reply.value) : reply;
    },
    touch: async (id, at) =>
      doneOnly(
        await link.change(() => {
          const key = KEYS.operation(id);
          const change = newChange(key);
          change.guard('field-in', key, 'schema', '1');
          change.guard('field-in', key, 'state', 'running');
          change.fields(key, { touchedAt: String(at) });
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

/** One that cannot be read fails the list: whoever asks what is in flight must not be told that nothing is. */
async function readAll(
  link: Link,
  known: KnownOperations,
  ids: readonly string[],
): Promise<Result<readonly Operation[]>> {
  const digests = await link.digests(ids.map(KEYS.operation));
  const listed = ids.map((id, index) => ({ id, digest: digests[index] ?? '' }));
  const fresh = listed.filter(({ id, digest }) => known.find(id, digest) === undefined);
  const hashes = await link.hashes(fresh.map(({ id }) => KEYS.operation(id)));
  const read = new Map(
    fresh.map(({ id, digest }, index) => [id, known.read(id, digest, hashes[index] ?? {})]),
  );
  const operations: Operation[] = [];
  for (const { id, digest } of listed) {
    const operation = read.get(id) ?? ok(known.find(id, digest));
    if (!operation.ok) return operation;
    // One whose retention is over may still be listed for a moment.
    if (operation.value !== undefined) operations.push(operation.value);
  }
  return ok(operations);
}
