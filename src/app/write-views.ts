import { recordFacts, serviceFacts } from '../core/catalogue.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { Pool, PoolKey } from '../core/node.ts';
import type { Override } from '../core/override.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Removal } from '../ports/store.ts';
import type { Parts } from './parts.ts';

/** By what writes are judged, besides production itself. */
export interface Judging {
  readonly maxShareRemoved: number;
  readonly overrides: readonly Override[];
}

/** What is known of a pool besides its objects. */
interface Surroundings {
  readonly removed: Result<readonly Removal[]>;
  readonly balanced: WriteView['balanced'];
}

/**
 * What was taken from each pool lately, and what the load balancers say of it now.
 *
 * @param journal false: Redis is known to be away, and what was removed lately is passed over: for a dry run, which says so.
 */
export function readSurroundings(
  { store, settings, loadBalancers, clock }: Parts,
  pools: readonly PoolKey[],
  journal = true,
): Promise<readonly Surroundings[]> {
  const since = clock.now() - settings.bounds.removalWindowMs;
  return Promise.all(
    pools.map(async (pool) => {
      const [removed, balanced] = await Promise.all([
        journal ? store.removals(pool, since) : ok([]),
        loadBalancers.pool(pool),
      ]);
      return { removed, balanced };
    }),
  );
}

/**
 * What the guard rails look at.
 *
 * @param pools as read just now.
 * @param surroundings of each of them, in their order.
 */
export async function writeViews(
  parts: Parts,
  pools: readonly Pool[],
  { surroundings, ...judging }: Judging & { readonly surroundings: readonly Surroundings[] },
): Promise<Result<readonly WriteView[]>> {
  const { settings } = parts;
  const receiving = await Promise.all(pools.map((pool) => receivingPools(parts, pool)));
  const views: WriteView[] = [];
  for (const [index, pool] of pools.entries()) {
    const around = surroundings[index];
    const received = receiving[index];
    if (received?.ok !== true) return received ?? fail({ kind: 'shutting-down' });
    if (around?.removed.ok !== true)
      return around?.removed ?? fail({ kind: 'store-unreachable', cause: 'no answer' });
    views.push({
      pool,
      threshold: serviceFacts(settings.catalogue, pool.service).threshold,
      removed: around.removed.value,
      balanced: around.balanced,
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
