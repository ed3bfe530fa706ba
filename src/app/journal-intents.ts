import type { Operation } from '../core/operation.ts';
import { logsStart, salStart } from '../core/sal/from-operation.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { StepRecord } from '../core/step.ts';
import { stepSubject } from '../core/step.ts';
import type { Transition } from '../ports/store.ts';
import { endOperation, salRow } from './end-operation.ts';
import { goneOut } from './gone-out.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { StoreDecision } from './read-ahead.ts';
import { tellAway } from './tell-away.ts';

/** How intents are journaled. */
interface Intending extends Pick<Transition, 'after' | 'ifFirst'> {
  readonly mark?: string;
  readonly revision?: string | undefined;
  readonly store?: StoreDecision | undefined;
}

/**
 * Journals what is about to be written, and puts it into the audit log: nothing is written that is not in both. With the first of an operation also that it has
 * begun, and its START line.
 *
 * @param steps with their intents; one that has its intent in the journal already, by a process that died, is told again in the audit log, where it may be missing.
 * @param how.mark of the brakes that let it pass; undefined where they were looked at last.
 * @param how.revision of the journal that they rest on; undefined where that was read just now.
 * @param how.ifFirst only when it is the first in its lines.
 * @param how.store stores the decision that lets it begin, and this with it; undefined where that is stored already.
 * @param how.after the operation that goes before it in the same turn.
 * @returns the operation to go on with; `braked` when a brake was put on meanwhile, and all must be looked at again; undefined when it could not be journaled.
 * Nothing may be written then.
 */
export async function journalIntents(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  steps: readonly StepRecord[],
  { mark, revision, after, ifFirst = false, store }: Intending = {},
): Promise<Operation | 'braked' | undefined> {
  if (mark !== undefined && (await parts.stopFile.present()) !== undefined) return braked(store);
  const at = parts.clock.now();
  const { id, epoch, state } = operation;
  const begins = state === 'queued';
  const startsNow = logsStart(operation) && operation.steps.every(({ intent }) => intent === undefined);
  const fresh = steps.filter(({ index }) => operation.steps[index]?.state !== 'intent');
  const transition: Transition = {
    id,
    from: [state],
    to: 'running',
    at,
    epoch,
    takeOver: begins,
    patch: begins ? { startedAt: at } : {},
    ...(mark === undefined ? {} : { ifBrakes: mark }),
    ...(revision === undefined ? {} : { ifRevision: revision }),
    ...(after === undefined ? {} : { after }),
    ...(ifFirst ? { ifFirst } : {}),
    steps: fresh.map((record) => ({ from: ['planned'], record })),
    rows: startsNow ? salRow(parts, operation, 'log-start', at, salStart(operation)) : [],
  };
  const auditAll = (): Promise<readonly Result<void>[]> =>
    Promise.all(steps.map((step) => auditIntent(parts, id, step)));
  const moving = store === undefined ? parts.store.transition(transition) : decide(store, transition);
  // When that is on its way.
  const auditing = goneOut().then(auditAll);
  const [moved, audited] = await Promise.all([moving, auditing]);
  if (moved === undefined) return undefined;
  if (!moved.ok) {
    if (moved.fault.kind === 'brakes-moved') return 'braked';
    parts.log.warn(
      { op: id, steps: steps.map(({ index }) => index), fault: moved.fault },
      'intent not journaled: not written',
    );
    tellAway(parts, outbox, operation, moved.fault);
    return undefined;
  }
  outbox.offer(transition.rows ?? []);
  const unaudited = audited.find((one) => !one.ok);
  if (unaudited?.ok !== false) return moved.value;
  // Nothing of it was sent: that is what is told. Who goes on finds the intent, and that the object is as it was.
  const unwritten = { ...moved.value, steps: operation.steps } as Operation;
  await endOperation(parts, outbox, unwritten, { end: 'held', fault: unaudited.fault });
  return undefined;
}

/** What was decided is decided all the same. */
async function braked(store: StoreDecision | undefined): Promise<'braked' | undefined> {
  return store === undefined || (await store()) !== undefined ? 'braked' : undefined;
}

async function decide(store: StoreDecision, transition: Transition): Promise<Result<Operation> | undefined> {
  const decided = await store(transition);
  if (decided === undefined) return undefined;
  return decided.isBegun ? ok(decided.operation) : fail({ kind: 'brakes-moved', id: transition.id });
}

function auditIntent(parts: Parts, id: string, step: StepRecord): Promise<Result<void>> {
  const key = 'key' in step ? step.key : stepSubject(step);
  return audit(parts, id, {
    event: 'intent',
    data: { step: step.index, key, to: step.to, ...step.intent },
  });
}
