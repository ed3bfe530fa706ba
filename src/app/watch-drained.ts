import { balancerNames } from '../core/balanced-pool.ts';
import { rpsOf } from '../core/observed.ts';
import type { NodeOperation } from '../core/operation.ts';
import type { Outbox } from './outbox.ts';
import { announce } from './journal.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/** So long without a request is drained; the metrics' own window is shorter. */
const QUIET_MS = 15_000;
const LOOK_EVERY_MS = 1_000;
/** Then it is said that it is not. */
const AT_MOST_MS = 60_000;
const QUIET_RPS = 0.05;

/**
 * After a depool: watches the metrics until the hosts have had no request for a while, and says whether somebody may work on them. Nothing depends on
 * it, so it is not journaled: after a restart nobody is told.
 */
export async function watchDrained(parts: Parts, outbox: Outbox, operation: NodeOperation): Promise<void> {
  const { metrics, clock, loadBalancers } = parts;
  const { id, request, plan } = operation;
  const keys = plan.changes.map(({ key }) => key);
  const places = [...new Set(keys.map(({ dc }) => dc))];
  const startedAt = clock.now();
  let quietSince: number | undefined;
  let rps: number | undefined;
  for (;;) {
    const asked = await Promise.all(places.map((dc) => metrics.requests(dc)));
    const seen = asked.flatMap((one) => (one?.ok === true ? [one.value] : []));
    if (seen.length < places.length) return;
    rps = keys.reduce((sum, key) => sum + seen.reduce((all, one) => all + (rpsOf(one, key) ?? 0), 0), 0);
    const now = clock.now();
    quietSince = rps < QUIET_RPS ? (quietSince ?? now) : undefined;
    if (quietSince !== undefined && now - quietSince >= QUIET_MS) break;
    if (now - startedAt >= AT_MOST_MS) break;
    await clock.sleep(LOOK_EVERY_MS);
  }
  const pools = await Promise.all(plan.effects.map(({ pool }) => loadBalancers.pool(pool)));
  const announcement = {
    kind: 'drained' as const,
    id,
    hosts: [...new Set(keys.map(({ host }) => host))],
    balancers: balancerNames(pools.flatMap((pool) => pool ?? [])),
    quietMs: QUIET_MS,
    rps: quietSince === undefined ? rps : undefined,
  };
  await announce(
    parts,
    outbox,
    viewRows(parts, request, { id, name: 'drained', at: clock.now(), announcement }),
  );
}
