import type { Operation } from '../../core/operation.ts';
import { isFinal } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { Store } from '../../ports/store.ts';
import { KEYS } from './keys.ts';
import type { KnownOperations } from './known-operations.ts';
import type { Link } from './link.ts';

/** Both lists, as far as they were asked for. */
interface Lists {
  readonly open: Result<readonly Operation[]>;
  readonly recent: Result<readonly Operation[]>;
}

/** The part of the store that lists operations. What is asked for at the same moment is one question to Redis. */
export function listMethods(link: Link, known: KnownOperations): Pick<Store, 'open' | 'recent'> {
  let next: { most: number; readonly lists: Promise<Result<Lists>> } | undefined;

  const read = async (): Promise<Result<Lists>> => {
    // Until the end of this turn others may join.
    await Promise.resolve();
    const most = next?.most ?? 0;
    next = undefined;
    // What is known may be forgotten, or another one, before the answer is there.
    const held = known.open();
    const marks = [...held].flatMap(([id, { digest }]) => [id, digest]);
    const reply = await link.list([KEYS.operation(''), String(most), ...marks]);
    if (!reply.ok) return reply;
    const { open, recent, changed } = reply.value;
    const read = new Map<string, Result<Operation | undefined>>();
    // What is open there has not ended there: a server that took over may know less than the one before it.
    for (const id of open) read.set(id, ok(held.get(id)?.operation));
    for (const { id, digest, fields } of changed) read.set(id, known.read(id, digest, fields));
    const unread: string[] = [];
    for (const id of recent) {
      if (read.has(id)) continue;
      const found = known.find(id);
      if (found !== undefined && isFinal(found.state)) read.set(id, ok(found));
      else unread.push(id);
    }
    const whole = await Promise.all(unread.map(readWhole));
    for (const [place, id] of unread.entries()) read.set(id, whole[place] ?? ok(undefined));
    const found = (ids: readonly string[]): Result<readonly Operation[]> =>
      operationsOf(ids, (id) => read.get(id) ?? ok(undefined));
    return ok({ open: found(open), recent: found(recent) });
  };

  const readWhole = async (id: string): Promise<Result<Operation | undefined>> => {
    const reply = await link.hash(KEYS.operation(id), '');
    return reply.ok ? known.read(id, reply.value.digest, reply.value.fields ?? {}) : reply;
  };

  const lists = (most: number): Promise<Result<Lists>> => {
    next ??= { most: 0, lists: read() };
    next.most = Math.max(next.most, most);
    return next.lists;
  };

  return {
    open: async () => {
      const both = await lists(0);
      return both.ok ? both.value.open : both;
    },
    recent: async (most) => {
      const both = await lists(most);
      if (!both.ok || !both.value.recent.ok) return both.ok ? both.value.recent : both;
      return ok(both.value.recent.value.slice(0, most));
    },
  };
}

/** One that cannot be read fails the list: whoever asks what is in flight must not be told that nothing is. */
function operationsOf(
  ids: readonly string[],
  find: (id: string) => Result<Operation | undefined>,
): Result<readonly Operation[]> {
  const operations: Operation[] = [];
  for (const id of ids) {
    const operation = find(id);
    if (!operation.ok) return operation;
    // One whose retention is over may still be listed for a moment.
    if (operation.value !== undefined) operations.push(operation.value);
  }
  return ok(operations);
}
