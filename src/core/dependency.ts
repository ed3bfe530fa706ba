import type { PlanNote } from './node-plan.ts';
import type { NodeKey } from './node.ts';

/** Hosts that carry something which conftool knows nothing of. */
export interface Dependency {
  /** Short or fully qualified names. */
  readonly hosts: ReadonlySet<string>;
  /** What depends on them, in words. */
  readonly of: string;
}

/** What somebody who takes these hosts away should know: it does not move with the pool. */
export function dependencyNotes(
  keys: readonly NodeKey[],
  dependencies: readonly Dependency[],
): readonly PlanNote[] {
  return dependencies.flatMap(({ hosts, of }) => {
    const key = keys.find(({ host }) => hosts.has(host) || hosts.has(host.split('.')[0] ?? host));
    return key === undefined ? [] : [{ kind: 'dependency' as const, key, of }];
  });
}
