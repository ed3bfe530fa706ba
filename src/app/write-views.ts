import { strict as assert } from 'node:assert';
import { recordFacts, serviceFacts } from '../core/catalogue.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { Pool } from '../core/node.ts';
import { isSamePool } from '../core/node.ts';
import type { Override } from '../core/override.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Parts } from './parts.ts';
import type { Standing } from './standing.ts';

/** By what writes are judged, besides production itself. */
export interface Judging {
  readonly maxShareRemoved: number;
  readonly overrides: readonly Override[];
}

/** What is known besides the pools. */
interface Around {
  /** For the removals of each pool. When the journal does not answer nothing can be judged. */
  readonly standing: Standing;
  /** Redis is known to be away, and what was removed lately is passed over: for a dry run, which says so. */
  readonly withoutJournal?: boolean;
  /** What the load balancers say of each pool, in the order of the pools. */
  readonly balanced: readonly WriteView['balanced'][];
}

/**
 * What the guard rails look at.
 *
 * @param pools as read just now; their removals must be in `standing`.
 */
export async function writeViews(
  parts: Parts,
  pools: readonly Pool[],
  { standing, withoutJournal = false, balanced, ...judging }: Judging & Around,
): Promise<Result<readonly WriteView[]>> {
  const { settings } = parts;
  const { journaled } = standing;
  const receiving = await Promise.all(pools.map((pool) => receivingPools(parts, pool)));
  const views: WriteView[] = [];
  for (const [index, pool] of pools.entries()) {
    const received = receiving[index];
    if (received?.ok !== true) return received ?? fail({ kind: 'shutting-down' });
    if (!journaled.ok && !withoutJournal) return journaled;
    const place = standing.pools.findIndex((one) => isSamePool(one, pool));
    const removed = journaled.ok ? journaled.value.removals[place] : [];
    assert(removed !== undefined, 'the removals of a pool were not read');
    views.push({
      pool,
      threshold: serviceFacts(settings.catalogue, pool.service).threshold,
      removed,
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
