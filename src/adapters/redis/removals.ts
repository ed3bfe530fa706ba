import type { Removal } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { KEYS } from './keys.ts';
import type { Fields } from './records.ts';

/** Adds a removal to a change; it replaces what was known of that host. */
export function addRemovalTo(change: Change, removal: Removal): void {
  const { host, weight, at } = removal;
  change.fields(KEYS.removals(removal), { [host]: `${String(weight)} ${String(at)}` });
}

/** What was lately taken from a pool, oldest first. */
export function readRemovals(
  { dc, cluster, service }: Pick<Removal, 'dc' | 'cluster' | 'service'>,
  hosts: Fields,
  since: number,
): readonly Removal[] {
  const removals: Removal[] = [];
  for (const [host, text = ''] of Object.entries(hosts)) {
    const [weight = 0, at = 0] = text.split(' ').map(Number);
    if (at >= since) removals.push({ dc, cluster, service, host, weight, at });
  }
  return removals.sort((a, b) => a.at - b.at || (a.host < b.host ? -1 : 1));
}
