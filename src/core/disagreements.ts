import type { BalancedPool } from './balanced-pool.ts';
import { balancersNotFollowing, balancersThatFindDown } from './balanced-pool.ts';
import type { Pool, StoredNode } from './node.ts';
import type { Observed } from './observed.ts';
import { rpsOf } from './observed.ts';

/** Less than this is nothing: a window of a few seconds still has the tail of what was. */
const QUIET_RPS = 0.05;
/** From this much on a pool is busy enough for a host without any to be remarkable. */
const BUSY_RPS = 1;

/** Hosts of which conftool, the load balancers and the metrics do not say the same, and how: `declared yes, down on lvs1019, 0 rps`. */
export interface Disagreement {
  readonly hosts: readonly string[];
  readonly text: string;
}

/** What was declared, what is effective and what is observed, held against each other: hosts with the same trouble together. */
export function disagreements(
  pool: Pool,
  balanced: readonly BalancedPool[],
  observed: Observed | undefined,
): readonly Disagreement[] {
  const total = observed === undefined ? 0 : sum(pool.nodes.map(({ key }) => rpsOf(observed, key) ?? 0));
  const byText = new Map<string, string[]>();
  for (const node of pool.nodes) {
    const text = troubleOf(node, balanced, { observed, total });
    if (text !== undefined) byText.set(text, [...(byText.get(text) ?? []), node.key.host]);
  }
  return [...byText].map(([text, hosts]) => ({ hosts, text }));
}

function troubleOf(
  { key, state }: StoredNode,
  balanced: readonly BalancedPool[],
  { observed, total }: { readonly observed: Observed | undefined; readonly total: number },
): string | undefined {
  const declared = `declared ${state.pooled}`;
  // In a busy pool a host that the metrics do not have has answered nothing.
  const rps =
    observed === undefined ? undefined : (rpsOf(observed, key) ?? (total >= BUSY_RPS ? 0 : undefined));
  const seen = rps === undefined ? '' : `, ${rpsText(rps)}`;
  if (state.pooled === 'yes') {
    const down = balancersThatFindDown(balanced, key.host);
    if (down.length > 0) return `${declared}, down on ${down.join(', ')}${seen}`;
  }
  const behind = balancersNotFollowing(answering(balanced), { host: key.host, to: state, up: false });
  if (behind.length > 0) return `${declared}, not so on ${behind.join(', ')}${seen}`;
  if (observed === undefined) return undefined;
  if (state.pooled === 'yes' && total >= BUSY_RPS && (rps ?? 0) < QUIET_RPS)
    return `${declared}, ${rpsText(0)}`;
  return state.pooled !== 'yes' && (rps ?? 0) >= QUIET_RPS
    ? `${declared}, still ${rpsText(rps ?? 0)}`
    : undefined;
}

/** One that is silent says nothing to disagree with. */
function answering(balanced: readonly BalancedPool[]): readonly BalancedPool[] {
  return balanced.map((pool) => ({ ...pool, answers: pool.answers.filter(({ kind }) => kind === 'hosts') }));
}

/** `12 rps`, `0.4 rps`. */
export function rpsText(rps: number): string {
  return `${rps < QUIET_RPS ? '0' : String(Number(rps.toFixed(rps < 10 ? 1 : 0)))} rps`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
