import type { DeploymentSeen, PodSeen, Quota } from './deployment.ts';
import type { Headroom } from './headroom.ts';
import { headroomOf } from './headroom.ts';

/** Where a rollout stands. `overridden`: somebody else has set another number meanwhile. */
export type Rollout = 'done' | 'waiting' | 'overridden';

/**
 * Whether a deployment has become what was asked for: the rule of `kubectl rollout status`, that the number is still ours, and that there are no more pods than
 * that (kubectl calls a smaller number done before a single pod has gone). What is reported of an earlier generation says nothing: the first report after a
 * write is of before it.
 */
export function rolloutOf(seen: DeploymentSeen, want: number): Rollout {
  if (seen.wanted !== want) return 'overridden';
  if (seen.observedGeneration < seen.generation) return 'waiting';
  const { updated, replicas, available } = seen;
  const isDone = updated >= want && replicas <= want && available >= want;
  return isDone ? 'done' : 'waiting';
}

/** Why a rollout does not come to its end, in the order in which it is looked for. */
export type Obstacle =
  /** Pods are refused by a quota. */
  | {
      readonly kind: 'quota';
      readonly quota: string;
      readonly resource: string;
      readonly needs: number;
      readonly left: number;
    }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'no-room'; readonly pods: number; readonly message: string }
  | { readonly kind: 'not-starting'; readonly pods: number; readonly reason: string }
  | { readonly kind: 'not-ready'; readonly pods: number }
  /** Pods that are to go are still there. */
  | { readonly kind: 'not-gone'; readonly pods: number }
  /** Nobody could be asked. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'unknown' };

/** What stands in the way, from what the cluster says. @param quotas of the namespace. */
export function findObstacle(
  seen: DeploymentSeen,
  pods: readonly PodSeen[],
  quotas: readonly Quota[],
): Obstacle {
  const staying = pods.filter(({ terminating }) => !terminating);
  if (seen.replicaFailure !== undefined)
    return ofFailure(seen.replicaFailure, headroomOf(quotas, seen.perPod));
  const homeless = staying.filter(({ unschedulable }) => unschedulable !== undefined);
  if (homeless[0]?.unschedulable !== undefined)
    return { kind: 'no-room', pods: homeless.length, message: homeless[0].unschedulable };
  const stuck = staying.filter(({ waiting }) => waiting !== undefined);
  if (stuck[0]?.waiting !== undefined)
    return { kind: 'not-starting', pods: stuck.length, reason: stuck[0].waiting };
  const unready = staying.filter(({ ready }) => !ready);
  if (unready.length > 0) return { kind: 'not-ready', pods: unready.length };
  const tooMany = seen.replicas - seen.wanted;
  return tooMany > 0 ? { kind: 'not-gone', pods: tooMany } : { kind: 'unknown' };
}

function ofFailure(message: string, headroom: Headroom | undefined): Obstacle {
  if (!message.includes('exceeded quota') || headroom === undefined) return { kind: 'refused', message };
  const { quota, resource, perPod, left } = headroom;
  return { kind: 'quota', quota, resource, needs: perPod, left };
}
