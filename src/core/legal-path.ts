import type { NodeState } from './node.ts';

/**
 * The states to write, one after the other, to get from one state to another by legal steps.
 *
 * A host that was `inactive` would serve before its first health check if it went straight to `yes`, and one that goes straight from
 * `yes` to `inactive` vanishes from the load balancer while it serves. Both go over `no`; on the way up the weight comes with the first step.
 *
 * @returns the states after each write, the last one being `to`; `[]` when both are equal.
 */
export function legalPath(from: NodeState, to: NodeState): readonly NodeState[] {
  if (from.pooled === to.pooled && from.weight === to.weight) return [];
  if (from.pooled === 'inactive' && to.pooled === 'yes') return [{ pooled: 'no', weight: to.weight }, to];
  if (from.pooled === 'yes' && to.pooled === 'inactive') return [{ pooled: 'no', weight: from.weight }, to];
  return [to];
}
