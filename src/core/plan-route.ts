import { recordFacts } from './catalogue.ts';
import type { Facts } from './facts.ts';
import type { Target } from './make-plan.ts';
import { makePlan } from './make-plan.ts';
import { nearest } from './nearest.ts';
import type { Pool, PoolKey, StoredNode } from './node.ts';
import { poolPath, recordKey } from './node.ts';
import type { NodePlan } from './node-plan.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** What is asked of a DNS record. */
export interface RouteRequest {
  readonly action: 'pool' | 'depool' | 'switch';
  readonly record: PoolKey;
  /** Of `switch` the data centre that it shall lead to. */
  readonly dc: string;
}

/** `kartotherian`, `discovery/kartotherian`, `geodns/text-addrs`. */
export function recordNamed(name: string): PoolKey {
  const [type = '', rest] = name.split('/');
  if (rest === undefined) return recordKey('discovery', name);
  return recordKey(type === 'geodns' ? 'geodns' : 'discovery', rest);
}

/**
 * Plans where a DNS record leads. A switch pools the new data centre before it depools the old one: in between both answer, never none.
 *
 * @returns Faults `record-unknown`, `host-unknown` for a data centre that the record does not have, `record-wants-switch`.
 */
export function planRoute(request: RouteRequest, facts: Facts): Result<NodePlan> {
  const { action, dc } = request;
  const service = poolPath(request.record);
  const pool = facts.pools.find((one) => poolPath(one) === service);
  if (pool === undefined || pool.nodes.length + pool.malformed.length === 0)
    return fail({ kind: 'record-unknown', record: service, nearest: nearest(service, facts.services) });
  const bad = pool.malformed[0];
  if (bad !== undefined)
    return fail({ kind: 'object-malformed', key: bad.key, text: bad.text, why: bad.why });
  const node = pool.nodes.find(({ key }) => key.host === dc);
  const places = pool.nodes.map(({ key }) => key.host);
  if (node === undefined) return fail({ kind: 'host-unknown', host: dc, service, nearest: places });
  if (action !== 'switch' && wantsSwitch(request, pool, facts))
    return fail({
      kind: 'record-wants-switch',
      record: request.record.service,
      dcs: places.filter((one) => one !== dc),
    });
  return ok(makePlan({ verb: `route ${action}`, service }, targetsOf(action, node, pool), facts));
}

function targetsOf(action: RouteRequest['action'], node: StoredNode, pool: Pool): readonly Target[] {
  const to = (one: StoredNode, pooled: 'yes' | 'no'): Target => ({
    node: one,
    after: { ...one.state, pooled },
  });
  if (action !== 'switch') return [to(node, action === 'pool' ? 'yes' : 'no')];
  const others = pool.nodes.filter((one) => one !== node && one.state.pooled === 'yes');
  return [to(node, 'yes'), ...others.map((one) => to(one, 'no'))];
}

/** A discovery record that the catalogue does not call active/active, or does not know, leads to one data centre at a time. */
function wantsSwitch({ action, record, dc }: RouteRequest, pool: Pool, { catalogue }: Facts): boolean {
  if (record.record !== 'discovery' || recordFacts(catalogue, record.service)?.isActiveActive === true)
    return false;
  const others = pool.nodes.some(({ key, state }) => key.host !== dc && state.pooled === 'yes');
  // With none active, one may be pooled; the last one is refused by its own guard rail.
  return action === 'pool' ? others : true;
}
