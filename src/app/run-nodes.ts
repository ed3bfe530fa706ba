import type { NodeOperation } from '../core/operation.ts';
import { nextGroup } from '../core/progress.ts';
import { isSingleWrite } from '../core/riding.ts';
import type { NodeStep } from '../core/step.ts';
import { carryOut } from './carry-out.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endByVerdict, endOperation } from './end-operation.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { Ahead } from './read-ahead.ts';
import { isFresh } from './read-ahead.ts';
import { asksHosts, keysToProbe, probeHosts } from './probing.ts';
import { runUndecided } from './run-undecided.ts';
import { hasOpenIntent } from './take-over.ts';
import type { Ending } from './wait.ts';
import { waitUntilDue } from './wait.ts';

/** What a run of an operation knows besides it. */
interface Run {
  readonly ending: Ending;
  /** Who stands behind it in its line. */
  readonly behind: readonly string[];
  /** For its first write. */
  readonly ahead: Ahead | undefined;
  /** To be called before anything is told of it. */
  readonly tell: () => Promise<unknown>;
  /** Told of those that are carried out with it. @returns to be called when that is over. */
  readonly takeAlong: (ids: readonly string[]) => () => void;
}

/** Carries out what there is to do on objects of conftool: group by group, each taken up before the next. */
export async function runNodes(parts: Parts, outbox: Outbox, start: NodeOperation, run: Run): Promise<void> {
  const { ending } = run;
  let { ahead } = run;
  let operation: NodeOperation | undefined = start;
  if (ahead?.store !== undefined) {
    operation = await runUndecided(parts, outbox, start, { ahead, store: ahead.store, ending });
    ahead = undefined;
  }
  while (operation !== undefined && (operation.state === 'queued' || operation.state === 'running')) {
    const group = nextGroup(operation);
    if (group.length === 0) return;
    const rested = await waitUntilDue(parts, operation, { group, ending });
    if (!rested) return;
    if (ending() && !group.some(hasOpenIntent)) {
      // What has not begun stays queued for the next process; what has begun is held, since nobody knows how long this takes.
      if (operation.state === 'running')
        await endOperation(parts, outbox, operation, { end: 'held', fault: { kind: 'shutting-down' } });
      return;
    }
    operation = await runGroup(parts, outbox, operation, { ...run, group, ahead });
    ahead = undefined;
  }
}

/**
 * Writes one group, and with it what those behind it in the line have to write, where that may be in flight at the same time.
 *
 * @returns the operation after the group; undefined when it ended or somebody else has it.
 */
async function runGroup(
  parts: Parts,
  outbox: Outbox,
  operation: NodeOperation,
  { group, behind, ahead, tell, takeAlong }: Run & { readonly group: readonly NodeStep[] },
): Promise<NodeOperation | undefined> {
  const overrides = operation.request.breakGlass?.overrides ?? [];
  // First, since it takes its time: all that is looked at below must be fresh.
  const toProbe = overrides.includes('probe') || !asksHosts(parts) ? [] : keysToProbe(group);
  const probed = toProbe.length === 0 ? undefined : await probeHosts(parts, toProbe);
  if (probed?.fault !== undefined) {
    await tell();
    return endOperation(parts, outbox, operation, { end: 'held', fault: probed.fault });
  }
  const checked = await checkBeforeWrite(parts, operation, {
    group,
    behind: isSingleWrite(operation) ? behind : [],
    ahead: ahead !== undefined && probed === undefined && isFresh(parts, ahead) ? ahead.read : undefined,
  });
  const { operation: fresh, verdict, riders } = checked;
  if (verdict.kind === 'gone') return undefined;
  if (verdict.kind !== 'go') {
    await tell();
    return endByVerdict(parts, outbox, fresh, {
      verdict,
      // An intent that is open here was looked up before: it was not written.
      unwritten: group.filter(hasOpenIntent).map((step) => ({ ...step, state: 'conflict' })),
    });
  }
  await parts.faultPoint('before-intent');
  const rides = [{ operation: fresh, group, verdict }, ...riders];
  const letGo = takeAlong(riders.map((ride) => ride.operation.id));
  try {
    return await carryOut(parts, outbox, rides, { tell, store: undefined });
  } finally {
    letGo();
  }
}
