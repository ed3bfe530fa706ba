import { serviceFacts } from '../core/catalogue.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { Pool } from '../core/node.ts';
import type { Override } from '../core/override.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Parts } from './parts.ts';

/** By what writes are judged, besides production itself. */
export interface Judging {
  readonly maxShareRemoved: number;
  readonly overrides: readonly Override[];
  /** false: Redis is known to be away, and what was removed lately is passed over: for a dry run, which says so. */
  readonly journal?: boolean;
}

/** What the guard rails look at: each pool as read just now, what the load balancers say of it now, and what was taken from it lately. */
export async function writeViews(
  { store, settings, loadBalancers, clock }: Parts,
  pools: readonly Pool[],
  { journal = true, ...judging }: Judging,
): Promise<Result<readonly WriteView[]>> {
  const since = clock.now() - settings.bounds.removalWindowMs;
  const [removals, balanced] = await Promise.all([
    Promise.all(pools.map((pool) => (journal ? store.removals(pool, since) : Promise.resolve(ok([]))))),
    Promise.all(pools.map((pool) => loadBalancers.pool(pool))),
  ]);
  const views: WriteView[] = [];
  for (const [index, pool] of pools.entries()) {
    const removed = removals[index];
    if (removed?.ok !== true) return removed ?? fail({ kind: 'store-unreachable', cause: 'no answer' });
    views.push({
      pool,
      threshold: serviceFacts(settings.catalogue, pool.service).threshold,
      removed: removed.value,
      balanced: balanced[index],
      scope: settings.scope,
      ...judging,
    });
  }
  return ok(views);
}
