import type { BalancedPool } from './balanced-pool.ts';
import { balancerNames, isUpOnEach, silentBalancers, viewedAt } from './balanced-pool.ts';
import type { GroupRule } from './groups.ts';
import { groupOf } from './groups.ts';
import { nodeOf, placeOf, withNode } from './host-places.ts';
import type { NodeState, Pool, StoredNode } from './node.ts';
import type { Observed } from './observed.ts';
import { rpsOf } from './observed.ts';
import type { EffectiveView, GroupShare, PoolView } from './node-plan.ts';

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

/** The same, but for a host that load balancers find down: that carries nothing, whatever is declared. */
export function carriedWeight(host: string, state: NodeState, down: ReadonlySet<string>): number {
  return down.has(host) ? 0 : servingWeight(state);
}

/**
 * A pool in numbers: who serves, who must, and which group carries what share of the traffic. A host whose value cannot be read counts as known and
 * not serving, which is the reading that lets less go.
 */
export function viewPool(
  pool: Pool,
  threshold: number,
  groups: readonly GroupRule[],
  balanced?: readonly BalancedPool[],
): PoolView {
  const declared = viewDeclared(pool, threshold, groups);
  return balanced === undefined
    ? declared
    : { ...declared, effective: viewEffective(pool, groups, balanced) };
}

/** Many ask about one pool at the same moment, of which there is one read. */
const known = new WeakMap<
  Pool,
  { readonly threshold: number; readonly groups: readonly GroupRule[]; readonly view: PoolView }
>();

function viewDeclared(pool: Pool, threshold: number, groups: readonly GroupRule[]): PoolView {
  const before = known.get(pool);
  if (before?.threshold === threshold && before.groups === groups) return before.view;
  const view = countDeclared(pool, threshold, groups);
  known.set(pool, { threshold, groups, view });
  return view;
}

function countDeclared(pool: Pool, threshold: number, groups: readonly GroupRule[]): PoolView {
  let [serving, total, weight] = [0, pool.malformed.length, 0];
  const byGroup = new Map<string, number>();
  for (const { key, state } of pool.nodes) {
    if (state.pooled === 'inactive') continue;
    total += 1;
    if (state.pooled !== 'yes') continue;
    const own = servingWeight(state);
    serving += 1;
    weight += own;
    addTo(byGroup, groupOf(groups, key.host), own);
  }
  return {
    serving,
    total,
    weight,
    floor: floorOf(threshold, total),
    groups: sharesOf(byGroup, groups),
  };
}

/** The share (0-1) of the pool's traffic that the named hosts carry together. @param down hosts that load balancers find down. */
export function shareOf(pool: Pool, hosts: ReadonlySet<string>, down: ReadonlySet<string>): number {
  let [own, all] = [0, 0];
  for (const { key, state } of pool.nodes) all += carriedWeight(key.host, state, down);
  for (const host of hosts) {
    const node = nodeOf(pool.nodes, host);
    if (node !== undefined) own += carriedWeight(host, node.state, down);
  }
  return all === 0 ? 0 : own / all;
}

/** What was observed of a pool: requests per second in all, and what share of them each group got. */
export function viewObserved(
  pool: Pool,
  groups: readonly GroupRule[],
  observed: Observed,
): { readonly rps: number; readonly groups: readonly GroupShare[] } {
  const byGroup = new Map<string, number>();
  for (const { key } of pool.nodes) addTo(byGroup, groupOf(groups, key.host), rpsOf(observed, key) ?? 0);
  return { rps: sum(byGroup.values()), groups: sharesOf(byGroup, groups) };
}

function viewEffective(
  pool: Pool,
  groups: readonly GroupRule[],
  balanced: readonly BalancedPool[],
): EffectiveView {
  const pooled = pool.nodes.filter(({ state }) => state.pooled === 'yes').map(({ key }) => key.host);
  const down = pooled.filter((host) => balanced.some((one) => !isUpOnEach(one, host)));
  return {
    serving: pooled.length - down.length,
    down,
    groups: groupShares(pool.nodes, groups, new Set(down)),
    balancers: balancerNames(balanced),
    silent: silentBalancers(balanced).map(({ balancer }) => balancer),
    at: viewedAt(balanced),
  };
}

/** The pool as it would be with one object in another state. */
export function withState(pool: Pool, host: string, state: NodeState): Pool {
  const { nodes } = pool;
  const place = placeOf(nodes, host);
  const node = place === undefined ? undefined : nodes[place];
  if (place === undefined || node === undefined) return pool;
  return { ...pool, nodes: withNode(nodes, place, { ...node, state }) };
}

function groupShares(
  nodes: readonly StoredNode[],
  groups: readonly GroupRule[],
  down: ReadonlySet<string>,
): readonly GroupShare[] {
  const byGroup = new Map<string, number>();
  for (const { key, state } of nodes) {
    const weight = carriedWeight(key.host, state, down);
    if (weight > 0) addTo(byGroup, groupOf(groups, key.host), weight);
  }
  return sharesOf(byGroup, groups);
}

function addTo(sums: Map<string, number>, name: string, number: number): void {
  sums.set(name, (sums.get(name) ?? 0) + number);
}

/** Shares per group, in the order of the configuration; groups without any are left out. */
function sharesOf(byGroup: ReadonlyMap<string, number>, groups: readonly GroupRule[]): readonly GroupShare[] {
  const total = sum(byGroup.values());
  const place = (name: string): number => {
    const index = groups.findIndex((group) => group.name === name);
    return index === -1 ? groups.length : index;
  };
  return [...byGroup]
    .filter(([, weight]) => weight > 0)
    .map(([name, weight]) => ({ name, share: weight / total }))
    .sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
