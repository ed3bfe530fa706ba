import type { Facts } from './facts.ts';
import type { PlanHead, Target } from './make-plan.ts';
import { makePlan } from './make-plan.ts';
import { nearest } from './nearest.ts';
import type { StoredNode } from './node.ts';
import { nodePath } from './node.ts';
import { isOnNodes } from './operation.ts';
import type { NodePlan, PlanNote } from './node-plan.ts';
import { stepsOf } from './progress.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** The word in place of a service that means every one of a host. */
export const ALL = 'all';

/**
 * Plans to depool one host in every service that it serves in; where it does not serve it is left as it is.
 *
 * @returns Faults `one-host-only`, `host-unknown`, `host-ambiguous`, `object-malformed`.
 */
export function planDepoolAll(
  names: readonly string[],
  facts: Facts,
  head: Pick<PlanHead, 'drainMs' | 'forMs'>,
): Result<NodePlan> {
  const nodes = nodesOfHost(names, facts);
  if (!nodes.ok) return nodes;
  const targets = nodes.value.map((node): Target => {
    const isServing = node.state.pooled === 'yes';
    return { node, after: isServing ? { ...node.state, pooled: 'no' } : node.state };
  });
  const served = targets.filter(({ node }) => node.state.pooled === 'yes');
  return ok(
    makePlan(
      { verb: 'depool', service: servicesText(served), everyService: true, ...head },
      served.length === 0 ? targets : served,
      facts,
    ),
  );
}

/**
 * Plans to put back exactly what the last `!depool HOST all` took from `yes`. What somebody has changed since is left as it is, and that is noted.
 *
 * @returns Fault `nothing-to-repool` when none is remembered, or nothing of it is left to put back.
 */
export function planRepool(name: string, facts: Facts): Result<NodePlan> {
  const nodes = nodesOfHost([name], facts);
  if (!nodes.ok) return nodes;
  const host = nodes.value[0]?.key.host;
  const taken = facts.recent
    .filter(isOnNodes)
    .find(
      ({ plan, steps }) =>
        plan.everyService === true &&
        plan.undoes === undefined &&
        plan.verb === 'depool' &&
        plan.changes.some(({ key }) => key.host === host) &&
        steps.some(({ state }) => state === 'done'),
    );
  const targets: Target[] = [];
  const notes: PlanNote[] = [];
  for (const change of taken?.plan.changes ?? []) {
    const left =
      taken === undefined ? undefined : stepsOf(taken, change.key).findLast(({ state }) => state === 'done');
    if (left?.result === undefined) continue;
    const node = nodes.value.find(({ key }) => nodePath(key) === nodePath(change.key));
    if (node?.modifiedIndex === left.result.modifiedIndex) targets.push({ node, after: change.before });
    else notes.push({ kind: 'not-undone', key: change.key, now: node?.state, left: left.to });
  }
  if (targets.length === 0) return fail({ kind: 'nothing-to-repool', host: name });
  return ok(
    makePlan({ verb: 'repool', service: servicesText(targets), everyService: true, notes }, targets, facts),
  );
}

/** Every object of one host, which must be one host. */
function nodesOfHost(names: readonly string[], { pools, services }: Facts): Result<readonly StoredNode[]> {
  const [name = '', ...more] = names;
  if (more.length > 0) return fail({ kind: 'one-host-only', count: names.length });
  const isMeant = (host: string): boolean => host === name || host.split('.')[0] === name;
  const bad = pools.flatMap(({ malformed }) => malformed).find(({ key }) => isMeant(key.host));
  if (bad !== undefined)
    return fail({ kind: 'object-malformed', key: bad.key, text: bad.text, why: bad.why });
  const nodes = pools.flatMap((pool) => pool.nodes).filter(({ key }) => isMeant(key.host));
  const hosts = [...new Set(nodes.map(({ key }) => key.host))];
  if (hosts.length > 1) return fail({ kind: 'host-ambiguous', host: name, service: ALL, candidates: hosts });
  return hosts.length === 1
    ? ok(nodes)
    : fail({ kind: 'host-unknown', host: name, service: 'any service', nearest: nearest(name, services) });
}

/** `kartotherian+kartotherian-ssl`. */
function servicesText(targets: readonly Target[]): string {
  const services = [...new Set(targets.map(({ node }) => node.key.service))];
  return services.length === 0 ? ALL : services.join('+');
}
