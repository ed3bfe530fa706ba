import type { Facts } from './facts.ts';
import { makePlan } from './make-plan.ts';
import type { NodeState, StoredNode } from './node.ts';
import { poolPath } from './node.ts';
import type { Pace, NodePlan, Verb } from './node-plan.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import { MOST_IN_FLIGHT } from './riding.ts';
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
  readonly batch?: number | undefined;
  readonly pace?: 'none' | undefined;
  /** Milliseconds. */
  readonly drain?: number | undefined;
  readonly for?: number | undefined;
  /** For messages about the options. */
  readonly usage?: string | undefined;
}

/** Of a pool's hosts, so many may be done at the same time. */
const BATCH_SHARE = 0.1;
/** Writes in flight when nobody waits for the load balancers. */
export const PACE_NONE: Pace = { atOnce: MOST_IN_FLIGHT, takeUp: false };

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
): Result<NodePlan> {
  const { verb, service, weight } = request;
  const named = { names: request.hosts.names, service, dc: request.dc, cluster: request.cluster };
  const nodes = resolveTargets(named, facts);
  if (!nodes.ok) return nodes;
  const pace = paceOf(request, nodes.value, facts);
  if (!pace.ok) return pace;
  const targets = nodes.value.map((node) => ({ node, after: stateAfter(node.state) }));
  const head = { verb, service, weight, pace: pace.value, drainMs: request.drain, forMs: request.for };
  return ok(makePlan(head, targets, facts));
}

/** A batch is a small part of each pool that it touches: what goes wrong goes wrong for so many hosts at once. */
function paceOf(
  { batch, pace, usage = '' }: NodesRequest,
  nodes: readonly StoredNode[],
  { pools }: Facts,
): Result<Pace | undefined> {
  if (pace === 'none') return ok(PACE_NONE);
  if (batch === undefined) return ok(undefined);
  const touched = pools.filter((pool) => nodes.some(({ key }) => poolPath(key) === poolPath(pool)));
  const known = touched.map((pool) => pool.nodes.filter(({ state }) => state.pooled !== 'inactive').length);
  const most = Math.max(1, Math.floor(Math.min(...known) * BATCH_SHARE));
  if (batch <= most) return ok({ atOnce: batch, takeUp: true });
  const why = `at most 10 % of the pool, ${String(most)} of ${String(Math.min(...known))} here`;
  return fail({ kind: 'argument-invalid', argument: 'batch', text: String(batch), why, usage });
}
