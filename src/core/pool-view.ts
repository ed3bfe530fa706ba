import type { GroupRule } from './groups.ts';
import { groupOf } from './groups.ts';
import type { NodeState, Pool, StoredNode } from './node.ts';
import type { PoolView } from './plan.ts';

/**
 * How many hosts of a pool must serve: PyBal keeps at least this share of what it knows, and counts `no` hosts as known.
 *
 * @param total hosts that are `yes` or `no`; `inactive` ones are not known to the load balancer.
 */
export function floorOf(threshold: number, total: number): number {
  // 0.2 x 5 is 1.0000000000000002 in binary: without the rounding the floor would be one too high.
  return Math.ceil(Number((threshold * total).toFixed(9)));
}

/** Weight that the load balancer gives the host: 0 unless it is `yes`. PyBal sends weight 0 as 1, so that is what it serves with. */
export function servingWeight(state: NodeState): number {
  return state.pooled === 'yes' ? Math.max(1, state.weight) : 0;
}

/**
 * A pool in numbers: who serves, who must, and which group carries what share of the traffic. A host whose value cannot be read counts as known and
 * not serving, which is the reading that lets less go.
 */
export function viewPool(pool: Pool, threshold: number, groups: readonly GroupRule[]): PoolView {
  const weight = sum(pool.nodes.map(({ state }) => servingWeight(state)));
  const total = pool.nodes.filter(({ state }) => state.pooled !== 'inactive').length + pool.malformed.length;
  return {
    serving: pool.nodes.filter(({ state }) => state.pooled === 'yes').length,
    total,
    weight,
    floor: floorOf(threshold, total),
    groups: groupShares(pool.nodes, groups, weight),
  };
}

/** The share (0-1) of the pool's traffic that the named hosts carry together. */
export function shareOf(pool: Pool, hosts: ReadonlySet<string>): number {
  const weight = sum(pool.nodes.map(({ state }) => servingWeight(state)));
  if (weight === 0) return 0;
  return (
    sum(pool.nodes.filter(({ key }) => hosts.has(key.host)).map(({ state }) => servingWeight(state))) / weight
  );
}

/** The pool as it would be with one object in another state. */
export function withState(pool: Pool, host: string, state: NodeState): Pool {
  return { ...pool, nodes: pool.nodes.map((node) => (node.key.host === host ? { ...node, state } : node)) };
}

function groupShares(
  nodes: readonly StoredNode[],
  groups: readonly GroupRule[],
  weight: number,
): PoolView['groups'] {
  if (weight === 0) return [];
  const byGroup = new Map<string, number>();
  for (const { key, state } of nodes) {
    const name = groupOf(groups, key.host);
    byGroup.set(name, (byGroup.get(name) ?? 0) + servingWeight(state));
  }
  const place = (name: string): number => {
    const index = groups.findIndex((group) => group.name === name);
    return index === -1 ? groups.length : index;
  };
  return [...byGroup]
    .filter(([, served]) => served > 0)
    .map(([name, served]) => ({ name, share: served / weight }))
    .sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
