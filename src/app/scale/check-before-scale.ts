import type { ScaleOperation } from '../../core/operation.ts';
import { findForgery } from '../../core/signature.ts';
import type { Fault } from '../../core/fault.ts';
import type { DeploymentNow, DeploymentSettings } from '../../core/scale/facts.ts';
import { approvalsWanted, guardNumber } from '../../core/scale/guard-rails.ts';
import type { ScaleStep } from '../../core/scale/step.ts';
import { findBrake } from '../brakes.ts';
import type { NoGo } from '../check-before-write.ts';
import { RECENT } from '../read-judged.ts';
import { judgeAgain, looksBack } from '../judge-again.ts';
import { findFlood, readStanding } from '../standing.ts';
import { ok } from '../../core/result.ts';
import type { Parts } from '../parts.ts';
import { readDeployment } from './read-scale.ts';

/** The answer to "may this number be set now?". */
export type ScaleVerdict = NoGo | { readonly kind: 'go'; readonly now: DeploymentNow };

/**
 * Everything that must hold directly before a number is set, asked anew: brakes, signatures, people and policy, the guard rails on what the cluster says
 * now, and that the deployment and its number are those that were shown. Before the first write every cluster of the plan is looked at.
 *
 * @param operation as read from the journal a moment ago.
 */
export async function checkBeforeScale(
  parts: Parts,
  operation: ScaleOperation,
  step: ScaleStep,
): Promise<ScaleVerdict> {
  const { store, settings } = parts;
  const forgery = findForgery(settings.signingKey, operation);
  if (forgery !== undefined) return { kind: 'forged', what: forgery };
  const { plan } = operation;
  const deployment = settings.deployments.find(({ name }) => name === plan.service);
  if (deployment === undefined)
    return {
      kind: 'hold',
      fault: { kind: 'deployment-unknown', name: plan.service, nearest: [], hasAny: true },
    };
  const isFirst = operation.steps.every(({ state }) => state === 'planned');
  const looked = isFirst ? operation.steps : [step];
  const [recent, undone, suspended, read] = await Promise.all([
    looksBack(parts, operation) ? store.recent(RECENT) : ok([]),
    plan.undoes === undefined ? ok(undefined) : store.operation(plan.undoes.id),
    store.suspensions(),
    Promise.all(looked.map((one) => readDeployment(parts, deployment, one.deployment.cluster))),
  ]);
  for (const one of [recent, undone, suspended]) {
    if (!one.ok) return { kind: 'fail', fault: one.fault };
  }
  if (operation.stopRequestedBy !== undefined)
    return { kind: 'hold', fault: { kind: 'stopped', id: operation.id, by: operation.stopRequestedBy } };
  const numbers = [];
  for (const [index, one] of looked.entries()) {
    const now = read[index];
    if (now?.ok !== true) return { kind: 'fail', fault: now?.fault ?? { kind: 'shutting-down' } };
    const moved = findMoved(plan.scales, one, now.value, deployment);
    if (moved !== undefined) return { kind: 'conflict', fault: moved };
    numbers.push({ after: one.to, now: now.value, settings: deployment });
  }
  const standing = await readStanding(parts, []);
  const brake = findBrake(parts, standing, {
    plan,
    request: operation.request,
    lbDown: false,
  });
  if (!brake.ok) return { kind: 'fail', fault: brake.fault };
  if (brake.value !== undefined) return { kind: 'hold', fault: brake.value };
  const flood = findFlood(parts, operation, { objects: 1, standing });
  if (flood !== undefined) return { kind: 'freeze', fault: flood };
  const rule = await judgeAgain(parts, operation, {
    recent: recent.ok ? recent.value : [],
    undone: undone.ok ? undone.value : undefined,
    lbDown: false,
    suspended: suspended.ok ? suspended.value : [],
    approvalsLeast: approvalsWanted(numbers),
  });
  if (!rule.ok) return { kind: 'hold', fault: rule.fault };
  const overrides = operation.request.breakGlass?.overrides ?? [];
  for (const one of numbers) {
    const fault = guardNumber(one, overrides);
    if (fault !== undefined) return { kind: 'hold', fault };
  }
  const own = numbers.find(({ now }) => now.key.cluster === step.deployment.cluster);
  return own === undefined
    ? { kind: 'fail', fault: { kind: 'shutting-down' } }
    : { kind: 'go', now: own.now };
}

/** Another deployment of the same name, or another number than the one that was shown. */
function findMoved(
  scales: ScaleOperation['plan']['scales'],
  step: ScaleStep,
  { seen }: DeploymentNow,
  { name }: DeploymentSettings,
): Fault | undefined {
  const { cluster } = step.deployment;
  const shown = scales.find(({ key }) => key.cluster === cluster);
  const isReplaced = shown?.uid !== seen.uid;
  if (!isReplaced && seen.wanted === step.from) return undefined;
  return {
    kind: 'scale-moved',
    deployment: name,
    cluster,
    shown: step.from,
    now: seen.wanted,
    by: seen.scaledBy?.manager,
    isReplaced,
  };
}
