import { ok } from '../../core/result.ts';
import type { Removal, Store } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';

/** Adds a removal to a change; it replaces what was known of that host. */
export function addRemovalTo(change: Change, removal: Removal): void {
  const { host, weight, at } = removal;
  change.fields(KEYS.removals(removal), { [host]: `${String(weight)} ${String(at)}` });
}

/** The part of the store that knows what was lately taken from a pool. */
export function removalMethods(link: Link): Pick<Store, 'removals'> {
  return {
    removals: ({ dc, cluster, service }, since) =>
      link.read(async (client) => {
        const hosts = await client.hgetall(KEYS.removals({ dc, cluster, service }));
        const removals = Object.entries(hosts).map(([host, text]) => {
          const [weight, at] = text.split(' ').map(Number);
          return { dc, cluster, service, host, weight: weight ?? 0, at: at ?? 0 };
        });
        return ok(
          removals.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at || (a.host < b.host ? -1 : 1)),
        );
      }),
  };
}
