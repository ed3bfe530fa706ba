import type { Facts } from './facts.ts';
import { attributionName } from './change-groups.ts';
import type { PoolKey, StoredNode } from './node.ts';
import { poolPath } from './node.ts';

/** Hosts of one pool that are out by the same doing. */
export interface DepooledGroup {
  readonly pool: PoolKey;
  readonly hosts: readonly string[];
  readonly origin: ReturnType<Facts['originOf']>;
}

/** @returns those of which nobody knows since when first, then the longest. */
export function groupDepooled(
  out: readonly { readonly node: StoredNode; readonly origin: DepooledGroup['origin'] }[],
): readonly DepooledGroup[] {
  const groups = new Map<string, DepooledGroup & { readonly hosts: string[] }>();
  for (const { node, origin } of out) {
    const name = `${poolPath(node.key)} ${attributionName(origin.by)}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { pool: node.key, hosts: [node.key.host], origin });
    else group.hosts.push(node.key.host);
  }
  return [...groups.values()].sort((a, b) => (a.origin.at ?? 0) - (b.origin.at ?? 0));
}
