import type { NodeState } from './node.ts';

/** What one load balancer says of one host. */
export interface BalancedHost {
  /** Whether it sends traffic there: below its threshold it may do so though the host is down. */
  readonly pooled: boolean;
  readonly weight: number;
  /** Whether its own health check passes. */
  readonly up: boolean;
  /** Whether conftool says `yes`, as far as it has heard. */
  readonly enabled: boolean;
}

/** What one load balancer answered about one of its pools. `at` is when it was asked. */
export type BalancerAnswer =
  | {
      readonly kind: 'hosts';
      readonly balancer: string;
      readonly at: number;
      /** By fully qualified name; `inactive` hosts are unknown to it. */
      readonly hosts: Readonly<Record<string, BalancedHost>>;
    }
  | { readonly kind: 'silent'; readonly balancer: string; readonly at: number; readonly cause: string };

/** A pool as the load balancers of its data centre have it: one per catalogue service, asked of each balancer that has it. */
export interface BalancedPool {
  /** `kartotherian-k8s-ssl_6543`. */
  readonly name: string;
  readonly answers: readonly BalancerAnswer[];
}

/** Names of the load balancers that did not answer, each once, with why. */
export function silentBalancers(
  pools: readonly BalancedPool[],
): readonly { readonly balancer: string; readonly cause: string }[] {
  const silent = new Map<string, string>();
  for (const { answers } of pools) {
    for (const answer of answers) if (answer.kind === 'silent') silent.set(answer.balancer, answer.cause);
  }
  return [...silent].map(([balancer, cause]) => ({ balancer, cause }));
}

/** Names of the load balancers that were asked, each once. */
export function balancerNames(pools: readonly BalancedPool[]): readonly string[] {
  return [...new Set(pools.flatMap(({ answers }) => answers.map(({ balancer }) => balancer)))];
}

/** The oldest moment at which one was asked: the age of the whole view. */
export function viewedAt(pools: readonly BalancedPool[]): number {
  return Math.min(...pools.flatMap(({ answers }) => answers.map(({ at }) => at)));
}

/** Whether every load balancer that answered about this pool finds the host up. One that does not know the host does not find it up. */
export function isUpOnEach({ answers }: BalancedPool, host: string): boolean {
  return answers.every((answer) => answer.kind === 'silent' || answer.hosts[host]?.up === true);
}

/** Whether at least one load balancer finds the host up. */
export function isUpOnSome({ answers }: BalancedPool, host: string): boolean {
  return answers.some((answer) => answer.kind === 'hosts' && answer.hosts[host]?.up === true);
}

/** Load balancers that know the host and find it down. */
export function balancersThatFindDown(pools: readonly BalancedPool[], host: string): readonly string[] {
  const down = pools.flatMap(({ answers }) =>
    answers.filter((answer) => answer.kind === 'hosts' && answer.hosts[host]?.up === false),
  );
  return [...new Set(down.map(({ balancer }) => balancer))];
}

const NONE_DOWN: ReadonlySet<string> = new Set();
/** Each write of a plan is held against the same answers. */
const downHostsOf = new WeakMap<readonly BalancedPool[], ReadonlySet<string>>();

/** Hosts that some load balancer knows and finds down: nobody should count on their share. */
export function downHosts(pools: readonly BalancedPool[] | undefined): ReadonlySet<string> {
  if (pools === undefined) return NONE_DOWN;
  const known = downHostsOf.get(pools);
  if (known !== undefined) return known;
  const down = findDown(pools);
  downHostsOf.set(pools, down);
  return down;
}

function findDown(pools: readonly BalancedPool[]): ReadonlySet<string> {
  const down = new Set<string>();
  for (const { answers } of pools) {
    for (const answer of answers) {
      if (answer.kind === 'silent') continue;
      for (const [host, { up }] of Object.entries(answer.hosts)) if (!up) down.add(host);
    }
  }
  return down;
}

/** Whether every load balancer answered, knows the host in every pool, and finds it down. */
export function isReportedDown(pools: readonly BalancedPool[], host: string): boolean {
  const answers = pools.flatMap((pool) => pool.answers);
  return (
    answers.length > 0 &&
    answers.every((answer) => answer.kind === 'hosts' && answer.hosts[host]?.up === false)
  );
}

/** What a host shall look like on a load balancer after a write. */
export interface Wanted {
  readonly host: string;
  readonly to: NodeState;
  /** Whether its health check must pass too: not when only the weight of a host changes that was down before. */
  readonly up: boolean;
}

/**
 * Load balancers that do not (yet) report what was written: `yes` is enabled, pooled and with its weight (0 counts as 1), `no` is known and gets
 * nothing, `inactive` is unknown.
 */
export function balancersNotFollowing(pools: readonly BalancedPool[], wanted: Wanted): readonly string[] {
  const behind = pools.flatMap(({ answers }) => answers.filter((answer) => !follows(answer, wanted)));
  return [...new Set(behind.map(({ balancer }) => balancer))];
}

function follows(answer: BalancerAnswer, { host, to, up }: Wanted): boolean {
  if (answer.kind === 'silent') return false;
  const found = answer.hosts[host];
  if (to.pooled === 'inactive') return found === undefined;
  if (found === undefined || (up && !found.up)) return false;
  if (to.pooled === 'no') return !found.enabled && !found.pooled;
  return found.enabled && found.weight === Math.max(1, to.weight) && (found.pooled || !up);
}
