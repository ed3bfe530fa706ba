import type { Facts } from '../facts.ts';
import { nearest } from '../nearest.ts';
import type { ScaleOperation } from '../operation.ts';
import type { PlanNote } from '../node-plan.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { DeploymentNow, ScaleFacts } from './facts.ts';
import { approvalsWanted } from './guard-rails.ts';
import { headroomOf } from './headroom.ts';
import type { OtherCluster, ScalePlan, ScaleView } from './plan.ts';

/** What is asked for: a number, in one cluster or in all of them. */
interface ScaleRequest {
  readonly name: string;
  readonly n: number;
  readonly dc?: string | undefined;
}

/** One deployment, and what its number shall be. */
interface Target {
  readonly now: DeploymentNow;
  readonly after: number;
}

/**
 * Plans how many pods there shall be, cluster by cluster.
 *
 * @returns Faults `deployment-unknown`, `cluster-unknown`, or what a cluster answered in place of an answer.
 */
export function planScale({ name, n, dc }: ScaleRequest, facts: Facts): Result<ScalePlan> {
  const { scale } = facts;
  if (scale === undefined)
    return fail({
      kind: 'deployment-unknown',
      name,
      nearest: nearestName(name, facts),
      hasAny: facts.deployments.length > 0,
    });
  const clusters = [...scale.clusters.keys()];
  if (dc !== undefined && !clusters.includes(dc))
    return fail({ kind: 'cluster-unknown', cluster: dc, known: clusters });
  const targets: Target[] = [];
  for (const [cluster, now] of scale.clusters) {
    if (dc !== undefined && cluster !== dc) continue;
    if (!now.ok) return now;
    targets.push({ now: now.value, after: n });
  }
  return ok(makeScalePlan(scale, targets, { verb: 'scale', undoes: undefined, notes: [] }));
}

/**
 * Plans to put back the numbers that an operation changed, in reverse order. One that somebody changed since is left as it is, and that is noted.
 *
 * @returns a Fault `not-undoable` when nothing of it is left to put back.
 */
export function planScaleBack(operation: ScaleOperation, facts: Facts): Result<ScalePlan> {
  const { id, state, plan, steps } = operation;
  const { scale } = facts;
  if (scale === undefined)
    return fail({ kind: 'deployment-unknown', name: plan.service, nearest: [], hasAny: true });
  const targets: Target[] = [];
  const notes: PlanNote[] = [];
  for (const step of [...steps].reverse()) {
    if (step.result === undefined) continue;
    const { cluster } = step.deployment;
    const now = scale.clusters.get(cluster);
    if (now?.ok === false) return now;
    if (now?.value.seen.wanted === step.to) targets.push({ now: now.value, after: step.from });
    else notes.push({ kind: 'number-not-undone', cluster, left: step.to, now: now?.value.seen.wanted });
  }
  if (targets.length === 0) {
    const why = notes.length === 0 ? 'it changed nothing' : 'somebody has changed every number of it since';
    return fail({ kind: 'not-undoable', id, state, why });
  }
  const undoes = { id, verb: plan.undoes?.verb ?? plan.verb };
  return ok(makeScalePlan(scale, targets, { verb: 'undo', undoes, notes }));
}

/** Plans anew what an operation did not bring to its end, from what the clusters are now. */
export function planScaleAgain(operation: ScaleOperation, facts: Facts): Result<ScalePlan> {
  const { plan, steps } = operation;
  const { scale } = facts;
  if (scale === undefined)
    return fail({ kind: 'deployment-unknown', name: plan.service, nearest: [], hasAny: true });
  const targets: Target[] = [];
  for (const { deployment, to, state } of steps) {
    if (state === 'done') continue;
    const now = scale.clusters.get(deployment.cluster);
    if (now === undefined)
      return fail({
        kind: 'cluster-unknown',
        cluster: deployment.cluster,
        known: [...scale.clusters.keys()],
      });
    if (!now.ok) return now;
    targets.push({ now: now.value, after: to });
  }
  return ok(makeScalePlan(scale, targets, plan));
}

function nearestName(name: string, { deployments }: Facts): readonly string[] {
  return nearest(
    name,
    deployments.map((one) => one.name),
  );
}

function makeScalePlan(
  scale: ScaleFacts,
  targets: readonly Target[],
  head: Pick<ScalePlan, 'verb' | 'undoes' | 'notes'>,
): ScalePlan {
  const { settings } = scale;
  const changed = targets.filter(({ now, after }) => now.seen.wanted !== after);
  const { verb, undoes, notes } = head;
  return {
    verb,
    undoes,
    notes,
    service: settings.name,
    behind: settings.service,
    scales: changed.map(({ now, after }) => ({
      key: now.key,
      uid: now.seen.uid,
      before: now.seen.wanted,
      after,
    })),
    alreadySo: targets
      .filter(({ now, after }) => now.seen.wanted === after)
      .map(({ now, after }) => ({ key: now.key, replicas: after })),
    views: changed.map((target) => viewOf(scale, target)),
    approvalsLeast: approvalsWanted(changed.map((target) => ({ ...target, settings }))),
  };
}

function viewOf(scale: ScaleFacts, { now, after }: Target): ScaleView {
  const { seen, key, quotas, load } = now;
  const { helmfile, rpsPerPod } = scale.settings;
  return {
    cluster: key.cluster,
    before: seen.wanted,
    after,
    ready: seen.ready,
    headroom: headroomOf(quotas, seen.perPod),
    scaledBy: seen.scaledBy?.manager,
    declared: helmfile === undefined ? undefined : { ...helmfile, replicas: scale.declared },
    rpsPerPod,
    load,
    others: after < seen.wanted ? othersOf(scale, now) : [],
  };
}

/** What is left when this data centre is not there, which is what a second one is for. */
function othersOf({ clusters }: ScaleFacts, { key, load }: DeploymentNow): readonly OtherCluster[] {
  return [...clusters].flatMap(([cluster, other]) => {
    if (cluster === key.cluster || !other.ok) return [];
    const theirs = other.value.load;
    const peakRps = load === undefined || theirs === undefined ? undefined : load.peakRps + theirs.peakRps;
    return [{ cluster, ready: other.value.seen.ready, peakRps }];
  });
}
