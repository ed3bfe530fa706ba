import { recordFacts, serviceFacts } from '../core/catalogue.ts';
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
  parts: Parts,
  pools: readonly Pool[],
  { journal = true, ...judging }: Judging,
): Promise<Result<readonly WriteView[]>> {
  const { store, settings, loadBalancers, clock } = parts;
  const since = clock.now() - settings.bounds.removalWindowMs;
  const [removals, balanced] = await Promise.all([
    Promise.all(pools.map((pool) => (journal ? store.removals(pool, since) : Promise.resolve(ok([]))))),
    Promise.all(pools.map((pool) => loadBalancers.pool(pool))),
  ]);
  const receiving = await Promise.all(pools.map((pool) => receivingPools(parts, pool)));
  const views: WriteView[] = [];
  for (const [index, pool] of pools.entries()) {
    const removed = removals[index];
    const received = receiving[index];
    if (received?.ok !== true) return received ?? fail({ kind: 'shutting-down' });
    if (removed?.ok !== true) return removed ?? fail({ kind: 'store-unreachable', cause: 'no answer' });
    views.push({
      pool,
      threshold: serviceFacts(settings.catalogue, pool.service).threshold,
      removed: removed.value,
      balanced: balanced[index],
      scope: settings.scope,
      receiving: received.value,
      ...judging,
    });
  }
  return ok(views);
}

/** What a DNS record leads to, as far as the catalogue knows; undefined for anything else. */
async function receivingPools(
  { conftool, loadBalancers, settings }: Parts,
  record: Pool,
): Promise<Result<WriteView['receiving']>> {
  if (record.record === undefined) return ok(undefined);
  const services = recordFacts(settings.catalogue, record.service)?.services ?? [];
  const keys = record.nodes.flatMap(({ key }) => services.map((one) => ({ dc: key.host, ...one })));
  const found: NonNullable<WriteView['receiving']>[number][] = [];
  for (const key of keys) {
    const pool = await conftool.pool(key);
    if (!pool.ok) return pool;
    const { threshold } = serviceFacts(settings.catalogue, key.service);
    found.push({ pool: pool.value, threshold, balanced: await loadBalancers.pool(key) });
  }
  return ok(found);
}
