import type { WriteView } from '../core/guard-rails.ts';
import type { NodeOperation } from '../core/operation.ts';
import type { Intent, NodeStep } from '../core/step.ts';
import type { Ride } from './check-before-write.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endByVerdict, endOperation } from './end-operation.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { isFresh } from './read-ahead.ts';
import { readStanding } from './standing.ts';

/** Brakes that were found off so long ago are looked at again. Milliseconds. */
const JUST_NOW_MS = 5;

/** An intent that is in the journal, of which nothing was sent. */
interface Unsent {
  /** The operation with it, as the journal has it. */
  readonly intended: NodeOperation;
  readonly step: NodeStep & { readonly intent: Intent };
  /** Tells of the decision, before what came of it. */
  readonly tell: () => Promise<unknown>;
}

/**
 * Waits for production to bear out a verdict that rests on what the watch has seen of it. What takes its time is judged anew, all of it.
 *
 * @returns the pool, as the guard rails saw it, when the intent may be sent now; undefined when it may not: the operation has ended then, or somebody else has it.
 */
export async function confirmIntent(
  parts: Parts,
  outbox: Outbox,
  { operation: before, verdict }: Ride,
  { intended, step, tell }: Unsent,
): Promise<WriteView | undefined> {
  let last = (await verdict.confirmed) ?? verdict;
  let lookedAt = step.intent.at;
  let isRecent = isFresh(parts, step.intent);
  while (
    last.kind === 'go' &&
    !(isRecent && (await isStillLoose(parts, step, { mark: last.mark, lookedAt })))
  ) {
    lookedAt = parts.clock.now();
    last = (await checkBeforeWrite(parts, intended, { group: [step], behind: [] })).verdict;
    isRecent = true;
  }
  if (last.kind === 'go') return last.view;
  if (last.kind === 'gone') return undefined;
  await tell();
  if (last.kind === 'fail') {
    const { fault } = last;
    return endOperation(parts, outbox, intended, {
      end: 'failed',
      fault,
      steps: [{ ...step, state: 'failed' }],
    });
  }
  // Nothing of it was sent: that is what is told. Who resumes it finds the intent, and that the object is as it was.
  return endByVerdict(
    parts,
    outbox,
    { ...intended, steps: before.steps },
    { verdict: last, unwritten: [{ ...step, state: 'conflict' }] },
  );
}

/** Whether nobody has put a brake on since they were looked at. */
async function isStillLoose(
  parts: Parts,
  { key }: NodeStep,
  { mark, lookedAt }: { readonly mark: string; readonly lookedAt: number },
): Promise<boolean> {
  if (parts.clock.now() - lookedAt <= JUST_NOW_MS) return true;
  const { path, journaled } = await readStanding(parts, [key]);
  return path === undefined && journaled.ok && journaled.value.mark === mark;
}
