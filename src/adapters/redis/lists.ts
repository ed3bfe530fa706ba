import type { Operation } from '../../core/operation.ts';
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

interface Wanted {
  open: boolean;
  most: number;
}

/** The part of the store that lists operations. What is asked for at the same moment is one question to Redis. */
export function listMethods(link: Link, known: KnownOperations): Pick<Store, 'open' | 'recent'> {
  let listed: readonly string[] = [];
  let next: { readonly wanted: Wanted; readonly lists: Promise<Result<Lists>> } | undefined;

  const read = async (wanted: Wanted): Promise<Result<Lists>> => {
    // Until the end of this turn others may join.
    await Promise.resolve();
    next = undefined;
    // What is known may be forgotten before the answer is there.
    const held = new Map(listed.map((id) => [id, known.find(id)]));
    const marks = listed.flatMap((id) => {
      const mark = known.markOf(id);
      return mark === '' ? [] : [id, mark];
    });
    const reply = await link.list([
      KEYS.operation(''),
      wanted.open ? '1' : '0',
      String(wanted.most),
      ...marks,
    ]);
    if (!reply.ok) return reply;
    const { open, recent, changed } = reply.value;
    const read = new Map(changed.map(({ id, digest, fields }) => [id, known.read(id, digest, fields)]));
    if (wanted.open && wanted.most > 0) listed = [...new Set([...open, ...recent])];
    const found = (ids: readonly string[]): Result<readonly Operation[]> =>
      operationsOf(ids, (id) => read.get(id) ?? ok(held.get(id)));
    return ok({ open: found(open), recent: found(recent) });
  };

  const lists = (open: boolean, most: number): Promise<Result<Lists>> => {
    if (next === undefined) {
      const wanted = { open, most };
      next = { wanted, lists: read(wanted) };
    } else {
      next.wanted.open ||= open;
      next.wanted.most = Math.max(next.wanted.most, most);
    }
    return next.lists;
  };

  return {
    open: async () => {
      const both = await lists(true, 0);
      return both.ok ? both.value.open : both;
    },
    recent: async (most) => {
      const both = await lists(false, most);
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
