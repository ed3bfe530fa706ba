import type { Fault } from '../core/fault.ts';
import { nodeOf } from '../core/host-places.ts';
import type { StoredNode } from '../core/node.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Intent, NodeStep, StepResult } from '../core/step.ts';
import type { Parts } from './parts.ts';

/** What became of a write whose answer was lost. */
export type Settled =
  | { readonly kind: 'written'; readonly result: StepResult }
  /** The object is still at the index of the intent: it was not written. */
  | { readonly kind: 'not-written'; readonly node: StoredNode }
  | { readonly kind: 'conflict'; readonly fault: Fault };

/**
 * Finds out by reading. The first change after the intent tells: when it equals ours the write happened, even if somebody has changed
 * the object again since; any other is somebody else's, and is never overwritten.
 *
 * @returns a Fault of conftool when it cannot be read now.
 */
export async function settleStep(
  { conftool, clock }: Parts,
  step: NodeStep & { readonly intent: Intent },
): Promise<Result<Settled>> {
  const { key, intent, from, to } = step;
  const pool = await conftool.pool(key);
  if (!pool.ok) return pool;
  const node = nodeOf(pool.value.nodes, key.host);
  if (node?.modifiedIndex === intent.expectedIndex) return ok({ kind: 'not-written', node });
  const first = await conftool.firstChangeAfter(key, intent.expectedIndex);
  if (!first.ok) return first;
  const conflict: Fault = {
    kind: 'changed-since',
    key,
    shown: from,
    shownIndex: intent.expectedIndex,
    now: node?.state,
    nowIndex: node?.modifiedIndex,
  };
  const written = (modifiedIndex: number): Settled => ({
    kind: 'written',
    result: { modifiedIndex, text: intent.targetText, readBackAt: clock.now(), how: 'already' },
  });
  switch (first.value.kind) {
    case 'changed':
      return ok(
        first.value.text === intent.targetText
          ? written(first.value.modifiedIndex)
          : { kind: 'conflict', fault: conflict },
      );
    case 'deleted':
      return ok({ kind: 'conflict', fault: conflict });
    case 'forgotten':
      // Too long ago for etcd to tell whose it was; what stands there now decides.
      return ok(
        node?.text === intent.targetText
          ? written(node.modifiedIndex)
          : { kind: 'conflict', fault: conflict },
      );
    case 'none':
      return fail({
        kind: 'write-unknown',
        key,
        cause: `no event after index ${String(intent.expectedIndex)}, wanted ${to.pooled}`,
        forMs: 0,
        tries: 1,
      });
  }
}
