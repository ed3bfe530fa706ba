import type { Fault } from '../core/fault.ts';
import type { NodeState, Pool, StoredNode } from '../core/node.ts';
import { nodePath } from '../core/node.ts';
import type { Result } from '../core/result.ts';
import type { Intent, NodeStep, StepResult } from '../core/step.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import { within } from '../observe/context.ts';
import type { WriteOptions } from '../ports/conftool.ts';
import type { Parts } from './parts.ts';
import { settleStep } from './settle-step.ts';

/** What came of one write, before it is read back. */
export type WriteOutcome =
  | {
      readonly kind: 'done';
      readonly result: StepResult;
      /** Its pool, where that is being read already. */
      readonly pool?: Promise<Result<Pool>> | undefined;
    }
  | { readonly kind: 'conflict'; readonly fault: Fault }
  /** Certainly not written. */
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** May be written or not. */
  | { readonly kind: 'uncertain'; readonly fault: Fault };

/**
 * Sends a compare-and-swap whose intent is journaled, for one object. An answer that was lost is looked up, not guessed; the
 * same swap is tried again only while the object is still at the index of the intent, where doing it twice cannot happen.
 *
 * @param node the object at the index of the intent.
 * @param how.origin who asked and agreed, for the audit record of the write.
 * @param how.andRead reads its pool with it.
 */
export async function writeStep(
  parts: Parts,
  step: NodeStep & { readonly intent: Intent },
  node: StoredNode,
  { origin, andRead = false }: { readonly origin: WriteOrigin } & WriteOptions,
): Promise<WriteOutcome> {
  const { conftool, clock, settings } = parts;
  const startedAt = clock.now();
  let doubt: Fault | undefined;
  for (let tries = 1; tries <= settings.bounds.writeTries; tries++) {
    const settled = doubt === undefined ? undefined : await settleStep(parts, step);
    if (settled?.ok === true && settled.value.kind === 'written')
      return { kind: 'done', result: settled.value.result };
    if (settled?.ok === true && settled.value.kind === 'conflict')
      return { kind: 'conflict', fault: settled.value.fault };
    if (settled === undefined || settled.ok) {
      const written = await within(parts, 'conftool write', { object: nodePath(step.key) }, () =>
        conftool.write(node, changedFields(step), origin, { andRead }),
      );
      if (written.ok) {
        await parts.faultPoint('after-write');
        const { modifiedIndex, text, pool } = written.value;
        parts.log.info({ object: nodePath(step.key), index: modifiedIndex }, 'compare-and-swap');
        const result = { modifiedIndex, text, readBackAt: clock.now(), how: 'written' as const };
        return { kind: 'done', result, pool };
      }
      const { fault } = written;
      if (fault.kind === 'compare-failed') return lookAfterCompareFailed(parts, step, fault);
      if (fault.kind === 'write-unknown') doubt = fault;
      else if (doubt === undefined && fault.kind !== 'conftool-unreachable') return { kind: 'failed', fault };
      else if (doubt === undefined && tries === settings.bounds.writeTries) return { kind: 'failed', fault };
    }
    if (tries < settings.bounds.writeTries) await clock.sleep(settings.bounds.writeRetryMs);
  }
  const settled = await settleStep(parts, step);
  if (settled.ok && settled.value.kind === 'written') return { kind: 'done', result: settled.value.result };
  if (settled.ok && settled.value.kind === 'conflict')
    return { kind: 'conflict', fault: settled.value.fault };
  const forMs = clock.now() - startedAt;
  return {
    kind: 'uncertain',
    fault: {
      kind: 'write-unknown',
      key: step.key,
      cause: 'no answer',
      forMs,
      tries: settings.bounds.writeTries,
    },
  };
}

/** Only what changes is sent, over the object as it was read. */
function changedFields({ from, to }: NodeStep): Partial<NodeState> {
  return {
    ...(from.pooled === to.pooled ? {} : { pooled: to.pooled }),
    ...(from.weight === to.weight ? {} : { weight: to.weight }),
  };
}

/** The object has moved: by our own write whose answer was lost, or by somebody else. */
async function lookAfterCompareFailed(
  parts: Parts,
  step: NodeStep & { readonly intent: Intent },
  fault: Fault,
): Promise<WriteOutcome> {
  const settled = await settleStep(parts, step);
  if (!settled.ok) return { kind: 'uncertain', fault: settled.fault };
  switch (settled.value.kind) {
    case 'written':
      return { kind: 'done', result: settled.value.result };
    case 'conflict':
      return { kind: 'conflict', fault: settled.value.fault };
    case 'not-written':
      return { kind: 'conflict', fault };
  }
}
