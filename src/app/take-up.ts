import { balancersNotFollowing, balancersThatFindDown } from '../core/balanced-pool.ts';
import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { NodeOperation } from '../core/operation.ts';
import { stepsOf } from '../core/progress.ts';
import type { NodeStep } from '../core/step.ts';
import type { Parts } from './parts.ts';
import { waitWhileRunning } from './wait.ts';

/** What was written, and what the load balancers said before; undefined after a restart. */
interface TakingUp {
  readonly steps: readonly NodeStep[];
  readonly view: Pick<WriteView, 'balanced'> | undefined;
}

/**
 * Waits until every load balancer of the data centre reports what was written: a declared state is not a served one.
 *
 * @returns a Fault `not-taken-up` when that took too long; `gone` when another process has the operation; undefined when all have followed, when none
 *   is configured, or when the plan's pace does not wait for them.
 */
export async function awaitTakeUp(
  parts: Parts,
  operation: NodeOperation,
  { steps, view }: TakingUp,
): Promise<Fault | 'gone' | undefined> {
  const { loadBalancers, clock, settings } = parts;
  const [first] = steps;
  if (first === undefined || operation.plan.pace?.takeUp === false || !loadBalancers.configured)
    return undefined;
  const startedAt = clock.now();
  const wanted = steps.map((step) => ({
    step,
    host: step.key.host,
    to: step.to,
    up: mustBeUp(operation, step, view),
  }));
  const firstBehind = async (): Promise<Fault | undefined> => {
    const pools = await loadBalancers.pool(first.key);
    for (const one of wanted) {
      const balancers = balancersNotFollowing(pools ?? [], one);
      const { key, to } = one.step;
      if (balancers.length > 0)
        return { kind: 'not-taken-up', key, to, balancers, afterMs: clock.now() - startedAt };
    }
    return undefined;
  };
  let behind = await firstBehind();
  if (behind === undefined) return undefined;
  const ours = await waitWhileRunning(parts, operation, async () => {
    behind = await firstBehind();
    return behind === undefined || clock.now() - startedAt >= settings.takeUpMs;
  });
  return ours ? behind : 'gone';
}

/**
 * A host that goes up must be seen up: also at `no` on its way to `yes`, since health checks begin there. One that was down already and only gets
 * another weight does not have to recover for that.
 */
function mustBeUp(operation: NodeOperation, step: NodeStep, view: TakingUp['view']): boolean {
  const { from, to, key } = step;
  if (operation.request.breakGlass?.overrides.includes('probe') === true) return false;
  if (to.pooled === 'no')
    return stepsOf(operation, key).some((one) => one.index > step.index && one.to.pooled === 'yes');
  const wasDown = balancersThatFindDown(view?.balanced ?? [], key.host).length > 0;
  return to.pooled === 'yes' && !(from.pooled === 'yes' && wasDown);
}
