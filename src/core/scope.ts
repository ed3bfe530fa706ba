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

/** Whether an object may be written. Of a record the data centre is that of the object, and there is no cluster: an entry that names one is not for it. */
export function insideScope(scope: Scope, key: PoolKey & { readonly host?: string }): boolean {
  const dc = key.record === undefined ? key.dc : (key.host ?? key.dc);
  return scope.some(
    (entry) =>
      (entry.types ?? ['node']).includes(key.record ?? 'node') &&
      (entry.dc ?? dc) === dc &&
      (entry.cluster ?? key.cluster) === key.cluster &&
      (entry.service ?? key.service) === key.service,
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
