import type { PoolKey } from '../../core/node.ts';

/** How long a known layout is believed: pools come and go with puppet, not with people's commands. */
const FRESH_MS = 60_000;

/** Which data centres and clusters have which service: learned from a read of the whole tree, so that later reads touch only what is asked for. */
export class Layout {
  private pools: ReadonlyMap<string, readonly PoolKey[]> = new Map();
  private readAt = Number.NEGATIVE_INFINITY;
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  learn(pools: readonly PoolKey[]): void {
    const byService = new Map<string, PoolKey[]>();
    for (const { dc, cluster, service } of pools) {
      const known = byService.get(service) ?? [];
      known.push({ dc, cluster, service });
      byService.set(service, known);
    }
    this.pools = byService;
    this.readAt = this.now();
  }

  /** The pools of a service; undefined when that is not known, or was learned too long ago. */
  poolsOf(service: string): readonly PoolKey[] | undefined {
    return this.now() - this.readAt < FRESH_MS ? this.pools.get(service) : undefined;
  }
}
