import type { PoolKey } from './node.ts';

/** One thing that Sluice may write: every key that is given must match. */
interface ScopeEntry {
  readonly dc?: string | undefined;
  readonly cluster?: string | undefined;
  readonly service?: string | undefined;
  /** Object types; absent means `node` only. */
  readonly types?: readonly string[] | undefined;
}

/** What Sluice may write; empty means nothing. Enforced in planning and again in the driver. */
export type Scope = readonly ScopeEntry[];

/** Whether objects of type `node` of that pool may be written. */
export function insideScope(scope: Scope, pool: PoolKey): boolean {
  return scope.some(
    (entry) =>
      (entry.types ?? ['node']).includes('node') &&
      (entry.dc ?? pool.dc) === pool.dc &&
      (entry.cluster ?? pool.cluster) === pool.cluster &&
      (entry.service ?? pool.service) === pool.service,
  );
}

/** `cluster=maps or types=discovery`, for refusals; `nothing` when empty. */
export function scopeText(scope: Scope): string {
  if (scope.length === 0) return 'nothing';
  return scope
    .map((entry) =>
      Object.entries(entry)
        .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('|') : String(value)}`)
        .join(','),
    )
    .join(' or ');
}
