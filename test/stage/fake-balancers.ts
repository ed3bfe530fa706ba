import type { BalancedHost, BalancedPool, BalancerAnswer } from '../../src/core/balanced-pool.ts';
import type { Catalogue } from '../../src/core/catalogue.ts';
import { balancedPoolNames } from '../../src/core/catalogue.ts';
import type { Pool, PoolKey } from '../../src/core/node.ts';
import { poolPath } from '../../src/core/node.ts';
import { servingWeight } from '../../src/core/pool-view.ts';
import type { LoadBalancers } from '../../src/ports/load-balancers.ts';
import type { FakeConftool } from './fake-conftool.ts';
import type { StageClock } from './stage-clock.ts';

/** One load balancer per data centre. */
const NAMES: Readonly<Record<string, string>> = { eqiad: 'lvs1019', codfw: 'lvs2013' };

/** Load balancers that follow conftool as PyBal does, unless a story freezes or silences one. Off until a story turns them on. */
export class FakeBalancers implements LoadBalancers {
  configured = false;
  /** Fully qualified names of hosts whose health check fails. */
  readonly sick = new Set<string>();
  private readonly silenced = new Map<string, string>();
  private readonly frozen = new Map<string, Map<string, Pool>>();
  private readonly conftool: FakeConftool;
  private readonly clock: StageClock;
  private readonly catalogue: Catalogue;

  constructor(conftool: FakeConftool, clock: StageClock, catalogue: Catalogue) {
    this.conftool = conftool;
    this.clock = clock;
    this.catalogue = catalogue;
  }

  silence(name: string, cause: string | undefined): void {
    if (cause === undefined) this.silenced.delete(name);
    else this.silenced.set(name, cause);
  }

  /** It goes on with what it has heard so far, and hears nothing more. */
  async freeze(name: string, isFrozen: boolean): Promise<void> {
    if (!isFrozen) {
      this.frozen.delete(name);
      return;
    }
    const all = await this.conftool.allPools();
    if (!all.ok) throw new Error('etcd is down: nothing to freeze');
    this.frozen.set(name, new Map(all.value.map((pool) => [poolPath(pool), pool])));
  }

  async pool(key: PoolKey): Promise<readonly BalancedPool[] | undefined> {
    const balancer = NAMES[key.dc];
    if (!this.configured || balancer === undefined) return undefined;
    const names = balancedPoolNames(this.catalogue, key);
    if (names.length === 0) return undefined;
    const answer = await this.answer(balancer, key);
    return names.map(({ name }) => ({ name, answers: [answer] }));
  }

  silent(): Promise<readonly { readonly balancer: string; readonly cause: string }[]> {
    return Promise.resolve([...this.silenced].map(([balancer, cause]) => ({ balancer, cause })));
  }

  private async answer(balancer: string, key: PoolKey): Promise<BalancerAnswer> {
    const at = this.clock.now();
    const cause = this.silenced.get(balancer);
    if (cause !== undefined) return { kind: 'silent', balancer, at, cause };
    const live = await this.conftool.pool(key);
    const pool = this.frozen.get(balancer)?.get(poolPath(key)) ?? (live.ok ? live.value : undefined);
    const hosts = Object.fromEntries(
      (pool?.nodes ?? [])
        .filter(({ state }) => state.pooled !== 'inactive')
        .map(({ key: { host }, state }): [string, BalancedHost] => {
          const [up, enabled] = [!this.sick.has(host), state.pooled === 'yes'];
          return [
            host,
            { pooled: up && enabled, enabled, up, weight: servingWeight({ ...state, pooled: 'yes' }) },
          ];
        }),
    );
    return { kind: 'hosts', balancer, at, hosts };
  }
}
