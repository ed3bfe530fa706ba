import type { Facts } from './facts.ts';
import { makePlan } from './make-plan.ts';
import type { NodeState } from './node.ts';
import type { Plan, Verb } from './plan.ts';
import type { Result } from './result.ts';
import { ok } from './result.ts';
import { resolveTargets } from './targets.ts';

/** A verb on hosts of one service. */
export interface NodesRequest {
  readonly verb: Verb;
  readonly hosts: { readonly names: readonly string[] };
  readonly service: string;
  readonly dc?: string | undefined;
  readonly cluster?: string | undefined;
  /** As typed; for the log line. */
  readonly weight?: number | undefined;
}

/**
 * Plans one verb for named hosts of one service.
 *
 * @param stateAfter what each object shall be, given what it is; the same state means that nothing is to do there.
 * @returns a Fault that names the nearest when a name stands for nothing or for too much.
 */
export function planNodes(
  request: NodesRequest,
  facts: Facts,
  stateAfter: (state: NodeState) => NodeState,
): Result<Plan> {
  const { verb, service, weight } = request;
  const named = { names: request.hosts.names, service, dc: request.dc, cluster: request.cluster };
  const nodes = resolveTargets(named, facts);
  if (!nodes.ok) return nodes;
  const targets = nodes.value.map((node) => ({ node, after: stateAfter(node.state) }));
  return ok(makePlan({ verb, service, weight }, targets, facts));
}
