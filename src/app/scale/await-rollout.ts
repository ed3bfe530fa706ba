import type { Fault } from '../../core/fault.ts';
import type { ScaleOperation } from '../../core/operation.ts';
import type { DeploymentSeen } from '../../core/scale/deployment.ts';
import type { DeploymentSettings } from '../../core/scale/facts.ts';
import type { Obstacle } from '../../core/scale/rollout.ts';
import { findObstacle, rolloutOf } from '../../core/scale/rollout.ts';
import type { ScaleStep } from '../../core/scale/step.ts';
import type { Kubernetes } from '../../ports/kubernetes.ts';
import { announce } from '../journal.ts';
import type { Outbox } from '../outbox.ts';
import type { Parts } from '../parts.ts';
import { viewRows } from '../speak.ts';
import type { Ending } from '../wait.ts';
import { waitWhileRunning } from '../wait.ts';

/** How a wait for pods ended. */
export type RolloutEnd =
  | { readonly kind: 'done'; readonly seen: DeploymentSeen }
  /** Somebody else set another number, or the time was up. */
  | {
      readonly kind: 'stop';
      readonly end: 'conflict' | 'failed' | 'held';
      readonly fault: Fault;
      readonly ready: number;
    }
  /** Another process has the operation. */
  | { readonly kind: 'gone' };

/** So long at a time the cluster is watched before the journal is looked at: a stop is heard, and nobody takes us for dead. */
const WATCH_MS = 1_000;
/** How often people are told, at most. */
const TELL_EVERY_MS = 5_000;
/** Pods that are just being made are no obstacle yet. */
const OBSTACLE_AFTER_MS = 4_000;

/**
 * Waits until pods have followed a number, and tells how far they are. A number is done when its pods are ready and it is still ours; what is reported of
 * an earlier one counts for nothing. A cluster that does not answer meanwhile is waited for until the time is up.
 *
 * @param sentAt when it was set: the time that pods may take runs from there, across restarts.
 */
export async function awaitRollout(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  {
    step,
    settings,
    sentAt,
    ending,
  }: {
    readonly step: ScaleStep;
    readonly settings: DeploymentSettings;
    readonly sentAt: number;
    readonly ending: Ending;
  },
): Promise<RolloutEnd> {
  const { kubernetes, clock } = parts;
  if (kubernetes === undefined) return { kind: 'gone' };
  const { cluster } = step.deployment;
  let seen: DeploymentSeen | undefined;
  let refused: Fault | undefined;
  let told = { at: clock.now(), ready: -1 };
  let [stopper, isEnding] = [undefined as string | undefined, false];
  const until = (now: DeploymentSeen): boolean => rolloutOf(now, step.to) !== 'waiting';
  const ours = await waitWhileRunning(parts, operation, async (fresh) => {
    const looked = await kubernetes.follow(step.deployment, until, { withinMs: WATCH_MS });
    refused = looked.ok ? undefined : looked.fault;
    if (looked.ok) seen = looked.value ?? seen;
    if (seen !== undefined && until(seen)) return true;
    stopper = fresh.stopRequestedBy;
    isEnding = ending();
    if (stopper !== undefined || isEnding) return true;
    const now = clock.now();
    if (now - sentAt >= settings.deadlineMs) return true;
    if (seen !== undefined && now - told.at >= TELL_EVERY_MS && seen.ready !== told.ready) {
      const obstacle =
        now - sentAt < OBSTACLE_AFTER_MS ? undefined : await obstacleOf(kubernetes, step, seen);
      await tell(parts, outbox, operation, {
        step,
        seen,
        obstacle: obstacle?.kind === 'not-ready' ? undefined : obstacle,
      });
      told = { at: now, ready: seen.ready };
    }
    return false;
  });
  if (!ours) return { kind: 'gone' };
  const ready = seen?.ready ?? 0;
  const rollout = seen === undefined ? 'waiting' : rolloutOf(seen, step.to);
  if (seen !== undefined && rollout === 'done') return { kind: 'done', seen };
  const about = { deployment: settings.name, cluster, wanted: step.to };
  if (seen !== undefined && rollout === 'overridden') {
    const fault: Fault = {
      kind: 'scale-overridden',
      ...about,
      now: seen.wanted,
      by: seen.scaledBy?.manager,
    };
    return { kind: 'stop', end: 'conflict', fault, ready };
  }
  if (stopper !== undefined)
    return { kind: 'stop', end: 'held', fault: { kind: 'stopped', id: operation.id, by: stopper }, ready };
  if (isEnding) return { kind: 'stop', end: 'held', fault: { kind: 'shutting-down' }, ready };
  // The last word of the cluster was that it does not speak with us: that is what somebody has to mend.
  if (refused !== undefined) return { kind: 'stop', end: 'failed', fault: refused, ready };
  const obstacle: Obstacle =
    seen === undefined ? { kind: 'silent' } : await obstacleOf(kubernetes, step, seen);
  const afterMs = clock.now() - sentAt;
  return {
    kind: 'stop',
    end: 'failed',
    fault: { kind: 'scale-incomplete', ...about, ready, afterMs, obstacle },
    ready,
  };
}

/** What stands in the way, as far as the cluster tells. */
async function obstacleOf(
  kubernetes: Kubernetes,
  { deployment }: ScaleStep,
  seen: DeploymentSeen,
): Promise<Obstacle> {
  const [pods, quotas] = await Promise.all([
    kubernetes.pods(deployment, seen.selector),
    kubernetes.quotas(deployment),
  ]);
  if (!pods.ok) return { kind: 'silent' };
  return findObstacle(seen, pods.value, quotas.ok ? quotas.value : []);
}

async function tell(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  {
    step,
    seen,
    obstacle,
  }: { readonly step: ScaleStep; readonly seen: DeploymentSeen; readonly obstacle: Obstacle | undefined },
): Promise<void> {
  const { id, request, epoch } = operation;
  const at = parts.clock.now();
  const { cluster } = step.deployment;
  const announcement = { kind: 'rollout' as const, id, cluster, ready: seen.ready, of: step.to, obstacle };
  const name = `rollout-${String(epoch)}-${String(at)}`;
  await announce(parts, outbox, viewRows(parts, request, { id, name, at, announcement }));
}
