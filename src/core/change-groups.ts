import { poolPath, stateText } from './node.ts';
import type { NodeState, PoolKey } from './node.ts';
import type { AttributedChange, Attribution } from './seen-change.ts';

/** Changes of one pool that went the same way, by the same doing, about the same time. */
export interface ChangeGroup {
  readonly pool: PoolKey;
  readonly hosts: readonly string[];
  readonly before: string;
  readonly after: string;
  /** When the newest of them was seen. */
  readonly at: number;
  readonly isLate: boolean;
  readonly by: Attribution;
}

/** What is further apart was not one doing. */
const TOGETHER_MS = 10 * 60_000;

/** @param changes newest first. @returns newest first. */
export function groupChanges(changes: readonly AttributedChange[]): readonly ChangeGroup[] {
  const groups: (ChangeGroup & { readonly hosts: string[] })[] = [];
  for (const { key, before, after, at, isLate, by } of changes) {
    const [from, to] = [textOf(before), textOf(after)];
    const group = groups.find(
      (one) =>
        poolPath(one.pool) === poolPath(key) &&
        one.before === from &&
        one.after === to &&
        one.isLate === isLate &&
        one.at - at < TOGETHER_MS &&
        attributionName(one.by) === attributionName(by) &&
        !one.hosts.includes(key.host),
    );
    if (group !== undefined) group.hosts.push(key.host);
    else groups.push({ pool: key, hosts: [key.host], before: from, after: to, at, isLate, by });
  }
  return groups;
}

/** One text for each doing. */
export function attributionName(by: Attribution): string {
  if (by.kind === 'operation') return by.id;
  return by.kind === 'logged' ? `${by.by} ${by.text}` : '';
}

function textOf(state: NodeState | undefined): string {
  return state === undefined ? 'nothing' : stateText(state);
}
