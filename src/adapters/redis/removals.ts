import type { Removal } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { KEYS } from './keys.ts';

/** Adds a removal to a change; it replaces what was known of that host. */
export function addRemovalTo(change: Change, removal: Removal): void {
  const { host, weight, at } = removal;
  change.fields(KEYS.removals(removal), { [host]: `${String(weight)} ${String(at)}` });
}

/** What was lately taken from a pool, oldest first. @param hosts as a script answers with a hash: hosts and texts in turn. There may be many, and they are read for each line. */
export function readRemovals(
  { dc, cluster, service }: Pick<Removal, 'dc' | 'cluster' | 'service'>,
  hosts: readonly string[],
  since: number,
): readonly Removal[] {
  const removals: Removal[] = [];
  for (let place = 0; place + 1 < hosts.length; place += 2) {
    const [host = '', text = ''] = [hosts[place], hosts[place + 1]];
    const space = text.indexOf(' ');
    const at = Number(text.slice(space + 1));
    if (at >= since) removals.push({ dc, cluster, service, host, weight: Number(text.slice(0, space)), at });
  }
  return removals.sort((a, b) => a.at - b.at || (a.host < b.host ? -1 : 1));
}
