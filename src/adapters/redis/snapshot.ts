import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { Store } from '../../ports/store.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';

/** The part of the store that reads all that a write is judged by at one revision. */
export function snapshotMethod(
  link: Link,
  { standing, open }: Pick<Store, 'standing' | 'open'>,
): Pick<Store, 'snapshot'> {
  const revisionNow = (): Promise<Result<string>> =>
    link.read(async (client) => ok((await client.get(KEYS.revision)) ?? '0'));
  return {
    snapshot: async (question) => {
      const revision = await revisionNow();
      if (!revision.ok) return revision;
      const [held, listed] = await Promise.all([standing(question), open()]);
      if (!held.ok) return held;
      if (!listed.ok) return listed;
      const after = await revisionNow();
      if (!after.ok) return after;
      return ok(
        after.value === revision.value
          ? { revision: revision.value, standing: held.value, open: listed.value }
          : undefined,
      );
    },
  };
}
