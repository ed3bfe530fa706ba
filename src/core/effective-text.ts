import type { BalancedPool } from './balanced-pool.ts';
import { balancerNames, balancersThatFindDown, isUpOnEach, silentBalancers } from './balanced-pool.ts';

/** What the load balancers say of one host, in words; undefined when none was asked. */
export function effectiveText(
  balanced: readonly BalancedPool[] | undefined,
  host: string,
): string | undefined {
  if (balanced === undefined) return undefined;
  const silent = silentBalancers(balanced);
  if (silent.length > 0) return `${silent.map(({ balancer }) => balancer).join(', ')} silent`;
  const down = balancersThatFindDown(balanced, host);
  if (down.length > 0) return `DOWN on ${down.join(', ')}`;
  const names = balancerNames(balanced).join(', ');
  return balanced.every((pool) => isUpOnEach(pool, host)) ? `up on ${names}` : `unknown to ${names}`;
}
