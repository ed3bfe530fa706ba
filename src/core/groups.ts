/** A configured group of hosts: the first rule that matches the host name names the group. */
export interface GroupRule {
  readonly name: string;
  readonly pattern: RegExp;
}

/** Hosts whose groups are remembered: each pool is grouped before and after each change. */
const MOST_KNOWN = 20_000;
const known = new WeakMap<readonly GroupRule[], Map<string, string>>();

/** The group of a host: the first match, else its short name without digits (`wikikube-worker1001` -> `wikikube-worker`). */
export function groupOf(groups: readonly GroupRule[], host: string): string {
  const names = known.get(groups) ?? new Map<string, string>();
  known.set(groups, names);
  const found = names.get(host);
  if (found !== undefined) return found;
  if (names.size >= MOST_KNOWN) names.clear();
  const name = findGroup(groups, host);
  names.set(host, name);
  return name;
}

function findGroup(groups: readonly GroupRule[], host: string): string {
  const rule = groups.find(({ pattern }) => pattern.test(host));
  return rule?.name ?? (host.split('.')[0] ?? host).replace(/\d+/g, '');
}
