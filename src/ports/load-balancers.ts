import type { BalancedPool } from '../core/balanced-pool.ts';
import type { PoolKey } from '../core/node.ts';

/** Who to ask what became of a change. */
export interface LoadBalancers {
  /**
   * The pool as every load balancer of its data centre has it now: one entry per catalogue service behind the tag. Never fails: one that does not
   * answer is in the answer as silent. A service that is not in production may be unknown to all of them, and is then left out.
   *
   * @returns undefined when none is configured for that data centre, or none of its services is load balanced: nothing is known then.
   */
  pool(key: PoolKey): Promise<readonly BalancedPool[] | undefined>;

  /** For health: load balancers that do not answer at all, with why. */
  silent(): Promise<readonly { readonly balancer: string; readonly cause: string }[]>;

  /** Whether any is configured. */
  readonly configured: boolean;
}
