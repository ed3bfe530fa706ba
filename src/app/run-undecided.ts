import type { NodeOperation, Operation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { nextGroup } from '../core/progress.ts';
import { carryOut } from './carry-out.ts';
import { judgeAhead } from './check-before-write.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { asksHosts, keysToProbe } from './probing.ts';
import type { Ahead, StoreDecision } from './read-ahead.ts';
import type { Ending } from './wait.ts';

/** Nobody's approval waits longer for what is read from etcd. */
const JUDGED_WITHIN_MS = 50;

/**
 * Makes the first writes of what is about to be decided, their intents together with the decision. Where that cannot be, or takes too long, only the decision is stored.
 *
 * @returns the operation to go on with; undefined when it ended, or is not to be carried out now.
 */
export async function runUndecided(
  parts: Parts,
  outbox: Outbox,
  undecided: NodeOperation,
  { ahead, store, ending }: { readonly ahead: Ahead; readonly store: StoreDecision; readonly ending: Ending },
): Promise<NodeOperation | undefined> {
  const group = nextGroup(undecided);
  const mayBegin = group.length > 0 && !ending() && (!asksHosts(parts) || keysToProbe(group).length === 0);
  const verdict = mayBegin
    ? await atMost(JUDGED_WITHIN_MS, judgeAhead(parts, undecided, { group, ahead: ahead.read }))
    : undefined;
  const asked: { isDecided?: boolean } = {};
  const decide: StoreDecision = async (begin) => {
    const decided = await store(begin);
    asked.isDecided = decided !== undefined;
    return decided;
  };
  let after: Operation | undefined;
  if (verdict?.kind === 'go') {
    await parts.faultPoint('before-decision');
    after = await carryOut(parts, outbox, [{ operation: undecided, group, verdict }], {
      tell: ahead.tell,
      store: decide,
    });
  } else after = (await decide())?.operation;
  if (asked.isDecided === false) after = await decidedByOthers(parts, undecided);
  return after === undefined || isScale(after) ? undefined : after;
}

/** Somebody else may have been a moment faster: then it is to be carried out all the same, and nobody else does. */
async function decidedByOthers({ store }: Parts, { id }: Operation): Promise<Operation | undefined> {
  const turn = await store.turn(id, 0);
  if (!turn.ok || turn.value === undefined) return undefined;
  const { operation, isFirst } = turn.value;
  return isFirst && operation.state === 'queued' ? operation : undefined;
}

/** @returns undefined when it takes longer. */
async function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
