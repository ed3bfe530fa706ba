/** A configured group of hosts: the first rule that matches the host name names the group. */
export interface GroupRule {
  readonly name: string;
  readonly pattern: RegExp;
}

/** The group of a host: the first match, else its short name without digits (`wikikube-worker1001` -> `wikikube-worker`). */
export function groupOf(groups: readonly GroupRule[], host: string): string {
  const rule = groups.find(({ pattern }) => pattern.test(host));
  return rule?.name ?? (host.split('.')[0] ?? host).replace(/\d+/g, '');
}
